#include "capture/folder_source.hpp"

#include "capture/file_source.hpp"
#include "capture/system_error.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace flowactors {

namespace fs = std::filesystem;

namespace {

bool named_as_capture(const std::string& path) {
  std::string name = fs::path{path}.filename().string();
  for (char& letter : name)
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  return name.find(".pcap") != std::string::npos || name.find(".cap") != std::string::npos;
}

} // namespace

result<std::unique_ptr<source>> folder_source::open(const std::string& path,
                                                    const std::string& filter) {
  if (auto checked = check_filter(filter); !checked)
    return checked.failure();
  std::error_code failure;
  std::vector<file> files;
  for (fs::directory_iterator i{path, failure}, end; !failure && i != end; i.increment(failure)) {
    std::error_code unknown;
    if (i->path().filename().string().starts_with('.') || !i->is_regular_file(unknown))
      continue;
    const auto size = i->file_size(unknown);
    files.push_back({i->path().string(), unknown ? 0 : size});
  }
  if (failure)
    return system_error("read the folder", path, failure.value());
  if (std::any_of(files.begin(), files.end(),
                  [](const file& f) { return named_as_capture(f.path); }))
    std::erase_if(files, [](const file& f) { return !named_as_capture(f.path); });
  if (files.empty())
    return error{ec::not_found,
                 "the folder " + path + " holds no files; expected captures (pcap or pcapng)"};
  std::sort(files.begin(), files.end(),
            [](const file& a, const file& b) { return a.path < b.path; });
  return std::unique_ptr<source>{new folder_source(path, std::move(files), filter)};
}

void folder_source::open_next() {
  const file& wanted = files_[next_++];
  auto opened = file_source::open(wanted.path, filter_);
  if (opened) {
    current_ = std::move(*opened);
  } else {
    warnings_.push_back(opened.failure());
    closed_bytes_ += wanted.size;
  }
}

void folder_source::close_current() {
  for (auto& warning : current_->take_warnings())
    warnings_.push_back(std::move(warning));
  const source_counters done = current_->counters();
  closed_.handed_out += done.handed_out;
  closed_.filtered += done.filtered;
  closed_.bytes += done.bytes;
  closed_bytes_ += files_[next_ - 1].size;
  current_.reset();
}

result<size_t> folder_source::read(std::span<frame> out) {
  if (out.empty())
    return size_t{0};
  while (!at_end()) {
    if (current_ == nullptr) {
      open_next();
      continue;
    }
    auto got = current_->read(out);
    if (!got)
      warnings_.push_back(got.failure());
    if (got && *got != 0)
      return got;
    close_current();
  }
  return size_t{0};
}

source_counters folder_source::counters() noexcept {
  source_counters sum = closed_;
  if (current_ != nullptr) {
    const source_counters now = current_->counters();
    sum.handed_out += now.handed_out;
    sum.filtered += now.filtered;
    sum.bytes += now.bytes;
  }
  return sum;
}

source::progress_bytes folder_source::progress() const noexcept {
  progress_bytes sum{closed_bytes_, 0};
  if (current_ != nullptr) // a file may grow while it is read
    sum.done += std::min(current_->progress().done, files_[next_ - 1].size);
  for (const file& each : files_)
    sum.total += each.size;
  return sum;
}

std::vector<error> folder_source::take_warnings() {
  return std::exchange(warnings_, {});
}

result<std::unique_ptr<source>> open_path(const std::string& path, const std::string& filter) {
  std::error_code failure;
  if (path != "-" && fs::is_directory(path, failure))
    return folder_source::open(path, filter);
  return file_source::open(path, filter);
}

} // namespace flowactors
