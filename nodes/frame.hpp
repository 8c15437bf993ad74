#pragma once

#include "nodes/refusal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace flowactors {

/// Version of what nodes say to each other. Others are refused.
inline constexpr uint32_t node_protocol_version = 2;

/// What a frame is. In brackets: who says it, S the node that sends events, R the one that
/// receives them.
enum class frame_kind : uint8_t {
  hello = 1, ///< [S] who I am, which context this is for
  welcome,   ///< [R] go on where you stopped, with so much credit
  refusal,   ///< [R] no; the reason stands in it, and the connection ends
  batch,     ///< [S] events of a lane
  mark,      ///< [S] packet time of a lane has come so far
  ack,       ///< [R] so many batches of a lane are done
  heartbeat, ///< [S, R] I am there
  bye,       ///< [S] nothing more comes, ever
  letter,    ///< [S, R] see letter.hpp; numbered from 0 in each connection
  receipt,   ///< [S, R] so many letters have come
};

/// What stands before each frame's body, 40 bytes in the sender's byte order: another order makes
/// another magic.
struct frame_header {
  uint32_t magic = 0;
  uint32_t length = 0; ///< bytes of the body
  frame_kind kind{};
  uint8_t zero = 0;
  uint16_t lane = 0;
  uint32_t count = 0;    ///< events of a batch
  uint64_t serial = 0;   ///< number of a batch in its lane, from 0; in an ack, how many are done
  uint64_t value = 0;    ///< first sequence number of a batch, time of a mark
  uint64_t checksum = 0; ///< of the header with 0 here, and the body
};
static_assert(sizeof(frame_header) == 40 && std::is_trivially_copyable_v<frame_header>);

inline constexpr uint32_t frame_magic = 0x57414c46; // "FLAW" in memory, with its bytes in order
inline constexpr size_t longest_name = 64;
inline constexpr size_t most_lanes = 256; ///< of one link: the workers of a node

struct hello_body {
  uint32_t version = 0; ///< stays first in all versions
  uint16_t lanes = 0;
  uint16_t zero = 0;
  uint64_t layout = 0;      ///< hash of what a record is made of
  uint64_t names = 0;       ///< hash of the catalog
  uint64_t incarnation = 0; ///< of the sender's process
  uint64_t known = 0;       ///< incarnation that the sender was linked to before, 0 = none
  std::array<char, longest_name> node{};
  std::array<char, longest_name> context{};
};
static_assert(sizeof(hello_body) == 168 && std::is_trivially_copyable_v<hello_body>);

struct welcome_body {
  uint64_t incarnation = 0; ///< of the receiver's process
  uint32_t credit = 0;      ///< events that may be under way
  uint32_t resumes = 0;     ///< 1 = the numbers below go on; 0 = every lane begins anew
  std::array<char, longest_name> node{};
  /// For each lane how many batches have come. The first `lanes` of these are sent.
  std::array<uint64_t, most_lanes> received{};
};
static_assert(std::is_trivially_copyable_v<welcome_body>);
inline constexpr size_t welcome_head = offsetof(welcome_body, received);

/// XXH3 (Collet, xxHash) of the body, seeded with that of the header; catches accidents, not
/// attackers.
uint64_t checksum_of(const frame_header& header, std::span<const char> body) noexcept;

/// Appends a whole frame.
void append_frame(std::vector<char>& out, frame_header header, std::span<const char> body = {});

/// Leaves room for a header; finish_frame fills it in over what was appended since.
size_t begin_frame(std::vector<char>& out);
void finish_frame(std::vector<char>& out, size_t begin, frame_header header);

/// Reads a header. `longest`: the most bytes that a body may have now.
std::variant<frame_header, refusal> read_header(std::span<const char> bytes, size_t longest);

/// True if header and body belong together.
bool is_whole(const frame_header& header, std::span<const char> body) noexcept;

/// A name in its place, cut if it is too long; and back: empty if it is none.
std::array<char, longest_name> put_name(std::string_view name) noexcept;
std::string take_name(const std::array<char, longest_name>& from);

} // namespace flowactors
