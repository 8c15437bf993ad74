#include "nodes/channel.hpp"

namespace flowactors {

namespace {

/// With twice as much the ends of a busy link wait more for each other.
constexpr size_t most_at_once = 128 * 1024;

} // namespace

channel channel::accept(std::shared_ptr<const tls_credentials> own) {
  channel out;
  out.session_ = tls_session::accept(std::move(own));
  return out;
}

channel channel::call(std::shared_ptr<const tls_credentials> own, const std::string& host,
                      std::vector<char>& wire) {
  channel out;
  out.session_ = tls_session::call(std::move(own), host, wire);
  return out;
}

channel::reading channel::next_reading() const noexcept {
  if (session_ != nullptr)
    return {most_at_once, false};
  return {header_ ? header_->length : sizeof(frame_header), true};
}

void channel::put(std::span<const char> came) {
  if (session_ != nullptr)
    session_->take(came);
  else
    came_ = came;
}

std::variant<std::monostate, whole_frame, refusal> channel::next(size_t longest,
                                                                 std::vector<char>& wire) {
  if (session_ == nullptr)
    return next_open(longest);
  if (!header_) {
    const bool stood = session_->stands();
    const auto whole = fill(sizeof(frame_header), wire);
    if (!stood && session_->stands()) // what waited for this
      session_->write(std::exchange(plain_, {}), wire);
    if (const auto* wrong = std::get_if<refusal>(&whole))
      return *wrong;
    if (!std::get<bool>(whole))
      return std::monostate{};
    const auto header =
      read_header(std::span<const char>(body_).first(sizeof(frame_header)), longest);
    if (const auto* wrong = std::get_if<refusal>(&header))
      return *wrong;
    header_ = std::get<frame_header>(header);
    filled_ = 0;
  }
  const auto whole = fill(header_->length, wire);
  if (const auto* wrong = std::get_if<refusal>(&whole))
    return *wrong;
  if (!std::get<bool>(whole))
    return std::monostate{};
  filled_ = 0;
  const auto header = *std::exchange(header_, std::nullopt);
  return whole_frame{header, std::span<const char>(body_).first(header.length)};
}

/// A part comes as a whole: the header, and then the body.
std::variant<std::monostate, whole_frame, refusal> channel::next_open(size_t longest) {
  const auto came = std::exchange(came_, {});
  if (header_)
    return came.empty() ? std::variant<std::monostate, whole_frame, refusal>()
                        : whole_frame{*std::exchange(header_, std::nullopt), came};
  if (came.empty())
    return std::monostate{};
  const auto header = read_header(came, longest);
  if (const auto* wrong = std::get_if<refusal>(&header))
    return *wrong;
  const auto& found = std::get<frame_header>(header);
  if (found.length == 0)
    return whole_frame{found, {}};
  header_ = found;
  return std::monostate{};
}

/// True once so many bytes are in the body.
std::variant<bool, refusal> channel::fill(size_t size, std::vector<char>& wire) {
  if (body_.size() < size)
    body_.resize(size);
  do {
    const auto more = session_->read(std::span(body_).subspan(filled_, size - filled_), wire);
    if (const auto* wrong = std::get_if<refusal>(&more))
      return *wrong;
    if (std::get<size_t>(more) == 0)
      return filled_ == size;
    filled_ += std::get<size_t>(more);
  } while (filled_ < size);
  return true;
}

} // namespace flowactors
