#pragma once

#include "nodes/frame.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace flowactors {

/// What goes from node to node beside events.
enum class letter_kind : uint8_t {
  message = 1, ///< of a script; the name is that of a context, the body a value as bytes
  names,       ///< contexts that run at the sender or behind it, a line each
  request,     ///< the name is a command; whoever gets it answers, with all that are behind it
  answer,      ///< to a request; the body is a list as JSON
  records      ///< the name is that of an output, the body whole lines of JSON
};

/// A letter bears who wrote it, so that whoever gets it on two ways knows it again.
struct letter {
  letter_kind kind{};
  uint8_t hops = 0;         ///< how often it may be passed on
  uint32_t patience_ms = 0; ///< of a request: how long its sender waits
  uint64_t origin = 0;      ///< incarnation of the node that wrote it, of an answer: its request
  uint64_t serial = 0;      ///< among the letters of that node
  std::string name;
  std::string body;
};

using shared_letter = std::shared_ptr<const letter>;

/// A letter is taken once by each node, so this only ends what should have ended before.
inline constexpr uint8_t most_hops = 16;
inline constexpr size_t longest_letter_body = (4u << 20) + (64u << 10);
inline constexpr size_t longest_message = 64u << 10; ///< that a script may send
inline constexpr uint64_t last_letter_serial = uint64_t{1} << 62;

/// The most bytes that a letter of this kind may bear.
size_t longest_body_of(letter_kind kind) noexcept;

/// The most bytes that the body of a frame with a letter may have.
size_t longest_letter() noexcept;

/// Appends it as a frame.
void append_letter(std::vector<char>& out, const letter& what, uint64_t serial);

/// Reads the body of a frame; nothing if it is none, or bears more than its kind may.
std::optional<letter> read_letter(std::span<const char> body);

} // namespace flowactors
