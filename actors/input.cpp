#include "actors/input.hpp"

#include <filesystem>
#include <utility>

namespace flowactors {

namespace {

namespace fs = std::filesystem;

/// Bytes of a file, or of the files of a folder; 0 = not known.
uint64_t size_of(const std::string& path) {
  std::error_code failure;
  if (fs::is_regular_file(path, failure)) {
    const auto size = fs::file_size(path, failure);
    return failure ? 0 : size;
  }
  uint64_t sum = 0;
  if (fs::is_directory(path, failure))
    for (const auto& entry : fs::directory_iterator(path, failure))
      if (entry.is_regular_file(failure))
        sum += entry.file_size(failure);
  return sum;
}

void add(source_counters& into, const source_counters& more) noexcept {
  into.handed_out += more.handed_out;
  into.filtered += more.filtered;
  into.bytes += more.bytes;
  into.kernel_dropped += more.kernel_dropped;
  into.interface_dropped += more.interface_dropped;
}

} // namespace

input::input(const capture_order& order, const live_options& live)
  : name_(order.name), live_(!order.interface.empty()) {
  if (live_)
    openers_.push_back([=] { return open_interface(order.interface, live); });
  bool known = true;
  for (const auto& path : order.paths) {
    openers_.push_back([path, filter = live.filter] { return open_path(path, filter); });
    sizes_.push_back(size_of(path));
    total_bytes_ += sizes_.back();
    known = known && sizes_.back() != 0;
  }
  if (!known)
    total_bytes_ = 0;
}

void input::open_next() {
  auto opened = openers_[next_++]();
  if (!opened) {
    failures_.push_back(opened.failure());
    return;
  }
  const std::lock_guard guard(mutex_);
  current_ = std::move(opened).value();
  if (stopped_)
    current_->interrupt();
}

void input::open() {
  if (current_ == nullptr && next_ < openers_.size() && !stopped_)
    open_next();
}

size_t input::read(std::span<frame> out) {
  open();
  if (current_ == nullptr)
    return 0;
  auto n = current_->read(out);
  if (!n) {
    failures_.push_back(n.failure());
    close();
    return 0;
  }
  if (*n == 0 && current_->at_end())
    close();
  return *n;
}

void input::close() {
  warnings_ = take_warnings();
  add(closed_, current_->counters());
  if (next_ <= sizes_.size())
    closed_bytes_ += sizes_[next_ - 1];
  std::unique_ptr<source> old;
  const std::lock_guard guard(mutex_);
  old = std::move(current_);
}

std::vector<error> input::take_warnings() {
  auto out = std::exchange(warnings_, {});
  if (current_ != nullptr)
    for (auto& more : current_->take_warnings())
      out.push_back(std::move(more));
  return out;
}

source_counters input::counters() noexcept {
  source_counters out = closed_;
  if (current_ != nullptr)
    add(out, current_->counters());
  return out;
}

source::progress_bytes input::progress() const noexcept {
  return {closed_bytes_ + (current_ != nullptr ? current_->progress().done : 0), total_bytes_};
}

void input::stop() noexcept {
  stopped_ = true;
  wake();
}

void input::wake() noexcept {
  const std::lock_guard guard(mutex_);
  if (current_ != nullptr)
    current_->interrupt();
}

} // namespace flowactors
