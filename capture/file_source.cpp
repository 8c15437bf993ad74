#include "capture/file_source.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

result<std::unique_ptr<source>> file_source::open(const std::string& path,
                                                  const std::string& filter) {
  auto stream = byte_stream::open(path);
  if (!stream)
    return stream.failure();
  if (auto checked = check_filter(filter); !checked)
    return checked.failure();
  const bool regular = (*stream)->regular();
  std::unique_ptr<file_source> made{
    new file_source(path == "-" ? "standard input" : path, std::move(*stream), filter)};
  if (regular)
    if (auto known = made->recognize(); !known)
      return known.failure();
  return std::unique_ptr<source>{std::move(made)};
}

result<void> file_source::recognize() {
  if (auto filled = stream_->refill(capture_format::need); !filled)
    return filled;
  if (stream_->window().size() < capture_format::need && !stream_->ended())
    return {}; // interrupted while it waited for a writer
  auto format = capture_format::recognize(stream_->window(), name_);
  if (!format)
    return format.failure();
  format_ = std::move(*format);
  return {};
}

result<size_t> file_source::read(std::span<frame> out) {
  if (out.empty())
    return size_t{0};
  if (format_ == nullptr && !ended_) {
    if (auto known = recognize(); !known)
      fault_ = known.failure();
    else if (format_ == nullptr)
      return size_t{0};
  }
  while (!ended_ && !fault_) {
    auto step = format_->parse(stream_->window(), stream_->offset(), out);
    stream_->consume(step.consumed);
    if (step.fault)
      fault_ = error{step.fault->code, name_ + ": " + step.fault->what};
    if (const size_t kept = keep_passing(out.first(step.frames)); kept != 0)
      return kept;
    if (fault_ || step.wanted == 0)
      continue;
    if (stream_->ended()) {
      end_short(step.begun);
    } else if (auto filled = stream_->refill(step.wanted); !filled) {
      fault_ = filled.failure();
    } else if (stream_->window().size() < step.wanted && !stream_->ended()) {
      return size_t{0}; // interrupted
    }
  }
  if (!fault_)
    return size_t{0};
  ended_ = true;
  return *std::exchange(fault_, {});
}

// Counts the frames and moves those that the filter lets through to the front. Where it can't be a
// filter for a link type, the frames end. No filter is asked about link types that nobody can
// decode: they go on to be counted as such.
size_t file_source::keep_passing(std::span<frame> frames) {
  size_t kept = 0;
  for (const frame& f : frames) {
    if (!filter_.empty() && supported(f.link)) {
      if (auto ready = filter_.prepare(f.link); !ready) {
        fault_ = error{ready.failure().code, name_ + ": " + ready.failure().what};
        break;
      }
      if (!filter_.passes(f)) {
        ++counters_.filtered;
        continue;
      }
    }
    counters_.bytes += f.captured;
    frames[kept++] = f;
  }
  counters_.handed_out += kept;
  return kept;
}

// Bytes are left that make no whole record.
void file_source::end_short(uint64_t begun) {
  ended_ = true;
  const size_t left = stream_->window().size();
  if (left + begun == 0)
    return;
  const uint64_t begin = stream_->offset();
  warnings_.push_back(
    {ec::truncated, name_ + " is cut short: it ends at byte " + std::to_string(begin + left)
                      + ", in the middle of a record that began at byte "
                      + std::to_string(begin - begun) + "; what came before was read"});
}

} // namespace flowactors
