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
  into.unread += more.unread;
}

} // namespace

/// The sources of an interface, one for each worker, opened together by whoever comes first, who
/// also gets the error if that fails; then there is nothing for the others.
class input::interface_group {
public:
  interface_group(const capture_order& order, const live_options& options)
    : interface_(order.interface), workers_(order.workers), options_(options) {}

  /// For the next time that the interface is opened.
  void set_filter(const std::string& filter) {
    const std::lock_guard guard(mutex_);
    options_.filter = filter;
  }

  result<std::unique_ptr<source>> open(size_t worker) {
    const std::lock_guard guard(mutex_);
    if (workers_ == 1)
      return open_interface(interface_, options_);
    const bool taken = !sources_.empty() && sources_[worker] == nullptr; // and lost since
    if (!std::exchange(tried_, true) || taken) {
      auto opened = open_interface(interface_, options_, workers_);
      if (!opened)
        return opened.failure();
      sources_ = std::move(*opened);
    }
    if (sources_.empty())
      return empty_source(interface_);
    return std::move(sources_[worker]);
  }

private:
  std::string interface_;
  size_t workers_;
  live_options options_;
  std::mutex mutex_;
  bool tried_ = false;
  std::vector<std::unique_ptr<source>> sources_;
};

std::vector<std::shared_ptr<input>> input::make(const capture_order& order,
                                                const live_options& live,
                                                const decoder_options& decoding) {
  std::shared_ptr<shared_paths> shared;
  if (order.workers > 1 && order.interface.empty())
    shared = std::make_shared<shared_paths>(order.paths, live.filter, order.workers, decoding);
  const auto group = std::make_shared<interface_group>(order, live);
  std::vector<std::shared_ptr<input>> out;
  for (size_t i = 0; i < order.workers; ++i) {
    std::shared_ptr<input> one{new input(order, i)};
    if (one->live_) {
      one->group_ = group;
      one->openers_.push_back([group, i] { return group->open(i); });
    } else {
      one->add_paths(order, live, shared);
    }
    out.push_back(std::move(one));
  }
  return out;
}

void input::add_paths(const capture_order& order, const live_options& live,
                      std::shared_ptr<shared_paths> shared) {
  shared_ = std::move(shared);
  bool known = true;
  for (size_t i = 0; i < order.paths.size(); ++i) {
    if (shared_ != nullptr)
      openers_.push_back([this, i] { return shared_->open(i, worker_); });
    else
      openers_.push_back(
        [path = order.paths[i], filter = live.filter] { return open_path(path, filter); });
    sizes_.push_back(worker_ == 0 ? size_of(order.paths[i]) : 0); // bytes count once
    total_bytes_ += sizes_.back();
    known = known && sizes_.back() != 0;
  }
  if (!known)
    total_bytes_ = 0;
}

void input::open_next() {
  auto opened = openers_[next_]();
  if (opened && *opened == nullptr)
    return;
  if (!opened && lost_)
    return lose(opened.failure());
  ++next_;
  if (!opened) {
    failures_.push_back(opened.failure());
    return;
  }
  if (std::exchange(lost_, false))
    warnings_.push_back({ec::io_failed, name_ + " is there again"});
  const std::lock_guard guard(mutex_);
  current_ = std::move(opened).value();
  if (stopped_)
    current_->interrupt();
}

void input::open() {
  if (current_ == nullptr && next_ < openers_.size() && (!stopped() || owes()))
    open_next();
}

size_t input::read(std::span<frame> out) {
  if (lost_ && !rest())
    return 0;
  open();
  if (current_ == nullptr)
    return 0;
  auto n = current_->read(out);
  if (!n) {
    close();
    if (retries_ && !stopped())
      lose(n.failure());
    else
      failures_.push_back(n.failure());
    return 0;
  }
  if (*n != 0)
    pause_ = first_pause;
  if (*n == 0 && current_->at_end())
    close();
  return *n;
}

/// The interface is gone, or still is: it is opened again after a pause.
void input::lose(const error& why) {
  if (!std::exchange(lost_, true))
    warnings_.push_back({why.code, why.what + "; it is opened again as soon as it is there"});
  next_ = 0;
  again_at_ = std::chrono::steady_clock::now() + pause_;
  pause_ = std::min(2 * pause_, longest_pause);
}

/// Waits, as a read of packets would. True = it is time to open the interface.
bool input::rest() {
  std::unique_lock lock(mutex_);
  const auto turn = std::chrono::steady_clock::now() + longest_rest;
  woken_.wait_until(lock, std::min(again_at_, turn), [this] { return wake_ || stopped_; });
  wake_ = false;
  return !stopped_ && std::chrono::steady_clock::now() >= again_at_;
}

result<void> input::set_filter(const std::string& filter) {
  if (group_ != nullptr)
    group_->set_filter(filter);
  if (current_ == nullptr)
    return {};
  return current_->set_filter(filter);
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
  if (shared_ != nullptr)
    shared_->stop();
  wake();
}

void input::leave() noexcept {
  if (shared_ != nullptr)
    shared_->leave(worker_);
}

void input::wake() noexcept {
  const std::lock_guard guard(mutex_);
  wake_ = true;
  woken_.notify_all();
  if (current_ != nullptr)
    current_->interrupt();
}

} // namespace flowactors
