#pragma once

#include "actors/post_office.hpp"

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace flowactors {

/// The letters of one connection, for the actor that owns it. It belongs to the post office from
/// `join` on, until it leaves or goes.
class post_line {
public:
  post_line() = default;
  post_line(const post_line&) = delete;
  ~post_line() { leave(); }

  /// `place`: where the node was called, empty if it called. `send` is called from any thread with
  /// the number of this line in its process, and a letter.
  template <class Send>
  void join(std::shared_ptr<post_office> office, const std::string& node, const std::string& place,
            Send send) {
    leave();
    if (office == nullptr)
      return;
    static std::atomic<uint64_t> last{0};
    number_ = ++last;
    office_ = std::move(office);
    id_ =
      office_->join(node, place, [send = std::move(send), number = number_](shared_letter what) {
        send(number, std::move(what));
      });
  }

  void leave() {
    if (office_ != nullptr)
      office_->leave(id_);
    office_ = nullptr;
    number_ = sent_ = come_ = there_ = 0;
  }

  /// True if this is the number that `send` was given: letters of a line that was are not sent.
  bool is(uint64_t number) const noexcept { return number == number_ && office_ != nullptr; }

  void append(std::vector<char>& out, const letter& what) { append_letter(out, what, sent_++); }

  /// True if all that was sent has come there.
  bool rests() const noexcept { return there_ == sent_; }

  /// Takes a whole frame, a letter or a receipt. Gives the receipt that has to be said, if any, or
  /// what is wrong.
  std::variant<std::monostate, uint64_t, refusal> take(const frame_header& header,
                                                       std::span<const char> body) {
    if (office_ == nullptr)
      return refusal::out_of_turn;
    if (header.kind == frame_kind::receipt && header.length == 0 && header.serial >= there_
        && header.serial <= sent_) {
      there_ = header.serial;
      office_->receipt(id_, there_);
      return {};
    }
    if (header.kind != frame_kind::letter || header.serial != come_)
      return refusal::out_of_turn;
    auto what = read_letter(body);
    if (!what)
      return refusal::bad_letter;
    office_->take(id_, std::move(*what));
    return ++come_;
  }

private:
  std::shared_ptr<post_office> office_; ///< null = not joined
  post_office::peer_id id_ = 0;
  uint64_t number_ = 0;
  uint64_t sent_ = 0, there_ = 0; ///< letters that went, of these those that have come there
  uint64_t come_ = 0;             ///< letters that came here
};

} // namespace flowactors
