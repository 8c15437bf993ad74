#include "outputs/record_output.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

record_output::record_output(std::shared_ptr<record_queue> queue, std::unique_ptr<record_sink> sink,
                             const catalog* names, uint16_t seed)
  : queue_(std::move(queue)), sink_(std::move(sink)), json_(names, seed) {}

result<void> record_output::open(clock::time_point now) {
  auto opened = sink_->open();
  if (opened) {
    away_ = false;
  } else {
    go_away(opened.failure().what, now);
  }
  return opened;
}

record_output::turn record_output::work(clock::time_point now) {
  if (closed_)
    return {turn::kind::idle};
  if (away_)
    return try_again(now);
  if (empty() && !fill())
    return {turn::kind::idle};
  return settle(sink_->write(json_.text().substr(done_)), now);
}

/// Makes the next batch the lines at hand; false if none waits.
bool record_output::fill() {
  if (!queue_->take(batch_))
    return false;
  json_.write(batch_);
  line_ = 0;
  done_ = 0;
  return true;
}

record_output::turn record_output::try_again(clock::time_point now) {
  if (now < retry_at_)
    return {turn::kind::later, std::chrono::ceil<std::chrono::milliseconds>(retry_at_ - now)};
  queue_->count_retry();
  if (auto opened = sink_->open(); !opened) {
    go_away(opened.failure().what, now);
    return {turn::kind::later, delay_};
  }
  away_ = false;
  return {turn::kind::again};
}

record_output::turn record_output::settle(const sink_outcome& outcome, clock::time_point now) {
  if (outcome.aside)
    queue_->count_file();
  advance(outcome.bytes);
  switch (outcome.state) {
    case sink_outcome::kind::took:
      if (outcome.bytes != 0 && in_trouble()) {
        delay_ = first_delay;
        queue_->set_trouble(std::nullopt);
        news_.push_back({false, sink_->name()});
      }
      break;
    case sink_outcome::kind::busy:
      break;
    case sink_outcome::kind::away:
      done_ = line_begin();
      go_away(outcome.what, now);
      return {turn::kind::later, delay_};
    case sink_outcome::kind::gone:
      news_.push_back({true, outcome.what});
      close(record_loss::reader_gone);
      return {turn::kind::idle};
  }
  return {turn::kind::again};
}

/// Notes that the sink took so many bytes more, and settles the lines that are whole.
void record_output::advance(size_t bytes) {
  done_ += bytes;
  moved_ += bytes;
  const size_t first = line_;
  const size_t begin = line_begin();
  while (!empty() && json_.line_ends()[line_] <= done_)
    ++line_;
  if (line_ != first)
    queue_->written(line_ - first, line_begin() - begin);
}

size_t record_output::line_begin() const noexcept {
  return line_ == 0 ? 0 : json_.line_ends()[line_ - 1];
}

void record_output::go_away(const std::string& what, clock::time_point now) {
  if (!in_trouble())
    queue_->set_trouble(sink_->loss());
  if (!in_trouble() || told_ != what) // not each time
    news_.push_back({true, what});
  told_ = what;
  away_ = true;
  delay_ = std::min(delay_ * 2, last_delay);
  retry_at_ = now + delay_;
}

result<void> record_output::reopen() {
  if (closed_ || away_)
    return {};
  return sink_->reopen();
}

void record_output::close(record_loss why) {
  line_ = json_.line_ends().size();
  closed_ = true;
  queue_->close(why);
}

} // namespace flowactors
