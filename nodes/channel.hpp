#pragma once

#include "nodes/frame.hpp"
#include "nodes/tls.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace flowactors {

/// A frame that has come. The body lasts until the channel is asked for the next one.
struct whole_frame {
  frame_header header;
  std::span<const char> body;
};

/// Frames in bytes, in the open or under TLS. Knows nothing of sockets: what comes is put in, and
/// what has to go out is appended to the wire, a buffer of whoever owns the connection.
class channel {
public:
  /// In the open.
  channel() = default;

  /// Under TLS, as the side that was called.
  static channel accept(std::shared_ptr<const tls_credentials> own);

  /// Under TLS, as the side that calls this host. The first bytes for it are appended.
  static channel call(std::shared_ptr<const tls_credentials> own, const std::string& host,
                      std::vector<char>& wire);

  /// How many bytes the next `put` may bring, and whether it has to be exactly as many.
  struct reading {
    size_t bytes;
    bool exactly;
    bool operator==(const reading&) const = default;
  };
  reading next_reading() const noexcept;

  /// Takes what came. The bytes have to last until `next` finds nothing more.
  void put(std::span<const char> came);

  /// The next frame, if it has come whole. `longest`: the most bytes that its body may have.
  std::variant<std::monostate, whole_frame, refusal> next(size_t longest, std::vector<char>& wire);

  /// Sends the frames that `append` appends to the buffer that it is given. Before the other side
  /// has shown who it is, they wait.
  template <class Append>
  void say(std::vector<char>& wire, Append&& append) {
    if (session_ == nullptr)
      return append(wire);
    if (session_->stands())
      plain_.clear();
    append(plain_);
    if (session_->stands())
      session_->write(plain_, wire);
  }

  /// True if nobody has shown who it is, or it shows this name. In the open, nobody shows anything.
  bool may_be(const std::string& node) const {
    return session_ == nullptr || session_->is_peer(node);
  }

  bool is_sealed() const noexcept { return session_ != nullptr; }

  /// True once frames can go either way.
  bool stands() const noexcept { return session_ == nullptr || session_->stands(); }

  /// What the TLS library says of the last refusal; may be empty.
  std::string trouble() const { return session_ == nullptr ? std::string() : session_->trouble(); }

private:
  std::variant<std::monostate, whole_frame, refusal> next_open(size_t longest);
  std::variant<bool, refusal> fill(size_t size, std::vector<char>& wire);

  std::unique_ptr<tls_session> session_; ///< null = in the open
  std::vector<char> plain_;              ///< what is said, before it is sealed
  std::span<const char> came_;           ///< in the open: what was put in
  std::vector<char> body_;               ///< under TLS: what comes of the frame
  size_t filled_ = 0;
  std::optional<frame_header> header_; ///< of the frame that comes
};

} // namespace flowactors
