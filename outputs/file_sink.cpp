#include "outputs/record_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace flowactors {

namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::seconds look_every{1};

error failed(const std::string& path, int number) {
  const ec code = number == ENOENT   ? ec::not_found
                  : number == EACCES ? ec::no_permission
                  : number == EISDIR ? ec::wrong_kind
                                     : ec::io_failed;
  return {code, path + ": " + std::strerror(number)};
}

class file_sink final : public record_sink {
public:
  explicit file_sink(const file_options& options) : options_(options) {}
  ~file_sink() override { close(); }

  result<void> open() override {
    const int fd = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
      return failed(options_.path, errno);
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(fd);
      return error{ec::wrong_kind, options_.path + ": is no file"};
    }
    close();
    fd_ = fd;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    size_ = static_cast<uint64_t>(status.st_size);
    looked_ = clock::now();
    return {};
  }

  sink_outcome write(std::string_view lines) override {
    if (clock::now() - looked_ >= look_every && moved())
      if (auto opened = open(); !opened)
        return away(0, opened.failure().what);
    bool aside = false;
    const size_t room = room_for(lines);
    if (room == 0) {
      if (auto turned = put_aside(); !turned)
        return away(0, turned.failure().what);
      aside = true;
    }
    auto out = append(lines.substr(0, room == 0 ? room_for(lines) : room));
    out.aside = aside;
    return out;
  }

  result<void> reopen() override { return open(); }
  record_loss loss() const noexcept override { return record_loss::write_error; }
  const std::string& name() const noexcept override { return options_.path; }

private:
  void close() noexcept {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

  static sink_outcome away(size_t bytes, std::string what) {
    return {sink_outcome::kind::away, bytes, std::move(what)};
  }

  bool moved() noexcept {
    looked_ = clock::now();
    struct stat status {};
    return ::stat(options_.path.c_str(), &status) != 0 || status.st_dev != device_
           || status.st_ino != inode_;
  }

  /// How many bytes of whole lines the file still takes. An empty one takes a line of any length.
  size_t room_for(std::string_view lines) const noexcept {
    if (options_.rotate == 0 || size_ + lines.size() <= options_.rotate)
      return lines.size();
    const uint64_t room = options_.rotate - std::min(size_, options_.rotate);
    const size_t end = room == 0 ? lines.npos : lines.rfind('\n', room - 1);
    if (end != lines.npos)
      return end + 1;
    return size_ == 0 ? std::min(lines.find('\n'), lines.size() - 1) + 1 : 0;
  }

  /// path becomes path.1, that path.2, and so on; the last one goes.
  result<void> put_aside() {
    const auto numbered = [this](uint32_t n) {
      return n == 0 ? options_.path : options_.path + "." + std::to_string(n);
    };
    if (options_.keep == 0 && ::ftruncate(fd_, 0) != 0)
      return failed(options_.path, errno);
    for (uint32_t n = options_.keep; n > 0; --n)
      if (::rename(numbered(n - 1).c_str(), numbered(n).c_str()) != 0 && errno != ENOENT)
        return failed(numbered(n - 1), errno);
    return open();
  }

  sink_outcome append(std::string_view lines) {
    size_t done = 0;
    while (done < lines.size()) {
      const ssize_t n = ::write(fd_, lines.data() + done, lines.size() - done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return cut_back(lines.substr(0, done), errno);
      done += static_cast<size_t>(n);
    }
    size_ += done;
    return {sink_outcome::kind::took, done, {}};
  }

  /// Takes away the beginning of a line that had no room.
  sink_outcome cut_back(std::string_view written, int number) {
    const size_t whole = written.rfind('\n') == written.npos ? 0 : written.rfind('\n') + 1;
    size_ += whole;
    std::string what = failed(options_.path, number).what;
    if (whole != written.size() && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0)
      what += "; it ends in the middle of a line";
    return away(whole, std::move(what));
  }

  const file_options options_;
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  uint64_t size_ = 0;
  clock::time_point looked_;
};

} // namespace

std::unique_ptr<record_sink> make_file_sink(const file_options& options) {
  struct stat status {};
  if (::stat(options.path.c_str(), &status) == 0
      && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
    return make_special_sink(options.path);
  return std::make_unique<file_sink>(options);
}

} // namespace flowactors
