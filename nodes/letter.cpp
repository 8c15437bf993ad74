#include "nodes/letter.hpp"

#include <cstring>

namespace flowactors {

namespace {

/// As it stands before the text.
struct letter_head {
  uint64_t origin = 0;
  uint64_t serial = 0;
  uint32_t patience_ms = 0;
  letter_kind kind{};
  uint8_t hops = 0;
  uint16_t zero = 0;
  std::array<char, longest_name> name{};
};
static_assert(sizeof(letter_head) == 88 && std::is_trivially_copyable_v<letter_head>);

} // namespace

size_t longest_letter() noexcept {
  return sizeof(letter_head) + longest_letter_body;
}

size_t longest_body_of(letter_kind kind) noexcept {
  switch (kind) {
    case letter_kind::message:
      return longest_message;
    case letter_kind::names:
      return 256u << 10;
    case letter_kind::request:
      return 0;
    case letter_kind::answer:
      return 4u << 20;
    case letter_kind::records: // many short ones, or the longest that there is
      return longest_letter_body;
  }
  return 0;
}

void append_letter(std::vector<char>& out, const letter& what, uint64_t serial) {
  letter_head head;
  head.origin = what.origin;
  head.serial = what.serial;
  head.patience_ms = what.patience_ms;
  head.kind = what.kind;
  head.hops = what.hops;
  head.name = put_name(what.name);
  const size_t begin = begin_frame(out);
  const auto* const at = reinterpret_cast<const char*>(&head);
  out.insert(out.end(), at, at + sizeof(head));
  out.insert(out.end(), what.body.begin(), what.body.end());
  frame_header header;
  header.kind = frame_kind::letter;
  header.serial = serial;
  finish_frame(out, begin, header);
}

std::optional<letter> read_letter(std::span<const char> body) {
  letter_head head;
  if (body.size() < sizeof(head))
    return std::nullopt;
  std::memcpy(&head, body.data(), sizeof(head));
  const bool known = head.kind >= letter_kind::message && head.kind <= letter_kind::records;
  if (!known || head.zero != 0 || head.hops > most_hops || head.origin == 0
      || head.serial > last_letter_serial
      || body.size() - sizeof(head) > longest_body_of(head.kind))
    return std::nullopt;
  letter out{head.kind, head.hops, head.patience_ms, head.origin, head.serial, take_name(head.name),
             {}};
  if (out.name.empty() && head.kind != letter_kind::names)
    return std::nullopt;
  out.body.assign(body.begin() + sizeof(head), body.end());
  return out;
}

} // namespace flowactors
