#pragma once

#include "capture/bpf_filter.hpp"
#include "capture/byte_stream.hpp"
#include "capture/capture_format.hpp"
#include "capture/source.hpp"

#include <memory>
#include <optional>
#include <string>

namespace flowactors {

/// A capture file, a FIFO or standard input. Frames point into the read buffer: nothing is copied.
class file_source final : public source {
public:
  /// A regular file's format is looked at here; that of a FIFO or of standard input with the first
  /// read, when somebody writes.
  static result<std::unique_ptr<source>> open(const std::string& path, const std::string& filter);

  result<size_t> read(std::span<frame> out) override;
  std::shared_ptr<const uint8_t[]> bytes() const noexcept override { return stream_->buffer(); }
  bool at_end() const noexcept override { return ended_; }
  bool live() const noexcept override { return false; }
  source_counters counters() noexcept override { return counters_; }
  progress_bytes progress() const noexcept override { return {stream_->offset(), stream_->size()}; }
  void interrupt() noexcept override { stream_->interrupt(); }
  std::vector<error> take_warnings() override { return std::exchange(warnings_, {}); }
  const std::string& name() const noexcept override { return name_; }

private:
  file_source(std::string name, std::unique_ptr<byte_stream> stream, const std::string& filter)
    : name_(std::move(name)), stream_(std::move(stream)), filter_(filter) {}
  result<void> recognize();
  size_t keep_passing(std::span<frame> frames);
  void end_short(uint64_t begun);

  std::string name_;
  std::unique_ptr<byte_stream> stream_;
  bpf_filter filter_;
  std::unique_ptr<capture_format> format_;
  source_counters counters_;
  std::vector<error> warnings_;
  std::optional<error> fault_; // to be told when the frames before it are done with
  bool ended_ = false;
};

} // namespace flowactors
