#pragma once

#include "capture/source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace flowactors {

/// The capture files of a folder, in name order, as one stream. Sub-folders and dot files are left
/// out; if any name says that it is a capture (.pcap, .pcapng, .cap somewhere in it), files whose
/// names don't are left out too.
class folder_source final : public source {
public:
  static result<std::unique_ptr<source>> open(const std::string& path, const std::string& filter);

  result<size_t> read(std::span<frame> out) override;
  std::shared_ptr<const uint8_t[]> bytes() const noexcept override {
    return current_ != nullptr ? current_->bytes() : nullptr;
  }
  bool at_end() const noexcept override { return current_ == nullptr && next_ == files_.size(); }
  bool live() const noexcept override { return false; }
  source_counters counters() noexcept override;
  progress_bytes progress() const noexcept override;
  void interrupt() noexcept override {} // files keep nobody waiting
  std::vector<error> take_warnings() override;
  const std::string& name() const noexcept override { return name_; }

private:
  struct file {
    std::string path;
    uint64_t size;
  };

  folder_source(std::string name, std::vector<file> files, std::string filter)
    : name_(std::move(name)), files_(std::move(files)), filter_(std::move(filter)) {}
  void open_next();
  void close_current();

  std::string name_;
  std::vector<file> files_;
  std::string filter_;
  size_t next_ = 0;
  std::unique_ptr<source> current_;
  source_counters closed_; // of the files that are done
  uint64_t closed_bytes_ = 0;
  std::vector<error> warnings_;
};

} // namespace flowactors
