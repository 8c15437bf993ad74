#include "capture/shared_paths.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace flowactors {

namespace {

/// How many paths a reader may be ahead of the slowest, and how long it waits for that at a time.
constexpr size_t most_ahead = 4;
constexpr std::chrono::milliseconds patience{2};

constexpr size_t gone = SIZE_MAX; // more paths than there are

/// What one reader sees of a stream.
class stream_reader final : public source {
public:
  /// A stream of null is empty.
  stream_reader(std::string name, std::shared_ptr<shared_stream> stream, size_t reader)
    : name_(std::move(name)), stream_(std::move(stream)), reader_(reader) {}

  ~stream_reader() override {
    if (stream_ != nullptr)
      stream_->leave(reader_);
  }

  result<size_t> read(std::span<frame> out) override {
    return stream_ != nullptr ? stream_->read(reader_, out) : result<size_t>(size_t{0});
  }

  bool at_end() const noexcept override { return stream_ == nullptr || stream_->at_end(reader_); }
  bool live() const noexcept override { return false; }

  source_counters counters() noexcept override {
    return stream_ != nullptr ? stream_->counters(reader_) : source_counters{};
  }

  /// Bytes are counted once, for the first reader.
  progress_bytes progress() const noexcept override {
    return stream_ != nullptr && reader_ == 0 ? stream_->progress() : progress_bytes{};
  }

  void interrupt() noexcept override {
    if (stream_ != nullptr)
      stream_->interrupt(reader_);
  }

  std::vector<error> take_warnings() override {
    return stream_ != nullptr ? stream_->take_warnings() : std::vector<error>{};
  }

  const std::string& name() const noexcept override { return name_; }

private:
  std::string name_;
  std::shared_ptr<shared_stream> stream_;
  size_t reader_;
};

} // namespace

std::unique_ptr<source> empty_source(std::string name) {
  return std::make_unique<stream_reader>(std::move(name), nullptr, 0);
}

shared_paths::shared_paths(std::vector<std::string> paths, std::string filter, size_t readers,
                           const decoder_options& decoding)
  : filter_(std::move(filter)), decoding_(decoding), opened_(readers) {
  for (auto& path : paths)
    places_.push_back({std::move(path), nullptr, {}, false});
}

result<std::unique_ptr<source>> shared_paths::open(size_t path, size_t reader) {
  std::unique_lock held(mutex_);
  if (!changed_.wait_for(held, patience, [&] { return path <= slowest() + most_ahead; }))
    return std::unique_ptr<source>{};
  place& at = places_[path];
  result<void> opened;
  if (!at.tried && !stopped_)
    opened = open(at);
  const auto stream = at.stream;
  opened_[reader] = path + 1;
  forget_opened();
  if (!opened)
    return opened.failure();
  return std::unique_ptr<source>{new stream_reader(at.path, stream, reader)};
}

result<void> shared_paths::open(place& at) {
  at.tried = true;
  auto opened = open_path(at.path, filter_);
  if (!opened)
    return opened.failure();
  at.stream = std::make_shared<shared_stream>(std::move(*opened), opened_.size(), decoding_);
  at.running = at.stream;
  for (size_t reader = 0; reader < opened_.size(); ++reader)
    if (opened_[reader] == gone)
      at.stream->leave(reader);
  return {};
}

/// The fewest paths that a reader has opened.
size_t shared_paths::slowest() const noexcept {
  return *std::ranges::min_element(opened_);
}

/// Streams that everybody has: the last who closes one ends it.
void shared_paths::forget_opened() noexcept {
  for (size_t path = 0; path < std::min(slowest(), places_.size()); ++path)
    places_[path].stream = nullptr;
  changed_.notify_all();
}

void shared_paths::stop() noexcept {
  const std::lock_guard guard(mutex_);
  stopped_ = true;
  for (place& each : places_)
    if (const auto stream = each.running.lock())
      stream->stop();
}

void shared_paths::leave(size_t reader) noexcept {
  const std::lock_guard guard(mutex_);
  opened_[reader] = gone;
  for (place& each : places_)
    if (const auto stream = each.running.lock())
      stream->leave(reader);
  forget_opened();
}

} // namespace flowactors
