#include "capture/text_blocks.hpp"

#include "capture/pages.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

namespace flowactors {

namespace {

using piece_member = std::string_view flow_text_pieces::*;
using span_member = flow_text_span flow_text::*;

#define PIECE(name)                           \
  std::pair<piece_member, span_member> {      \
    &flow_text_pieces::name, &flow_text::name \
  }
constexpr std::pair<piece_member, span_member> members[] = {
  PIECE(server_name),       PIECE(http_method),  PIECE(http_url),       PIECE(http_user_agent),
  PIECE(http_content_type), PIECE(dns_query),    PIECE(tls_sni),        PIECE(tls_server_names),
  PIECE(tls_issuer),        PIECE(tls_subject),  PIECE(tls_alpn),       PIECE(tls_versions),
  PIECE(ja3_client),        PIECE(ja3_server),   PIECE(ssh_client),     PIECE(ssh_server),
  PIECE(hassh_client),      PIECE(hassh_server), PIECE(bittorrent_hash)};
#undef PIECE

static_assert(sizeof(flow_text)
                == sizeof(uint32_t) + std::size(members) * sizeof(flow_text_span)
                     + 2 * sizeof(uint64_t),
              "a piece is missing");
static_assert(sizeof(flow_text_pieces) == std::size(members) * sizeof(std::string_view),
              "a piece is missing");

std::string_view cut(std::string_view text) noexcept {
  return text.substr(0, text_blocks::max_piece);
}

size_t size_of(const flow_text_pieces& pieces) noexcept {
  size_t bytes = sizeof(flow_text);
  for (const auto& [piece, span] : members)
    bytes += cut(pieces.*piece).size();
  return bytes;
}

} // namespace

result<text_blocks> text_blocks::make(uint64_t max_bytes) {
  max_bytes = std::clamp<uint64_t>(max_bytes, 1u << 20, uint64_t{0xffffffff} * unit);
  void* base = reserve_pages(max_bytes);
  if (base == nullptr)
    return no_address_space(max_bytes, "flow text");
  std::random_device chance;
  const uint64_t writer = uint64_t{chance()} << 32 | chance();
  return text_blocks{static_cast<char*>(base), max_bytes, writer};
}

text_blocks::~text_blocks() {
  release_pages(base_, size_);
}

text_blocks::text_blocks(text_blocks&& other) noexcept
  : base_(std::exchange(other.base_, nullptr)),
    size_(other.size_),
    writer_(other.writer_),
    written_(other.written_),
    used_(other.used_),
    lost_(other.lost_),
    free_(other.free_) {}

text_blocks& text_blocks::operator=(text_blocks&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_, other.size_);
  std::swap(writer_, other.writer_);
  std::swap(written_, other.written_);
  std::swap(used_, other.used_);
  std::swap(lost_, other.lost_);
  std::swap(free_, other.free_);
  return *this;
}

uint32_t text_blocks::take(size_t bytes) noexcept {
  const size_t size_class = (bytes + step - 1) / step;
  if (const uint32_t number = free_[size_class]; number != 0) {
    std::memcpy(&free_[size_class], base_ + uint64_t{number} * unit, sizeof(uint32_t));
    return number;
  }
  if (used_ + size_class * step > size_)
    return 0;
  const auto number = static_cast<uint32_t>(used_ / unit);
  used_ += size_class * step;
  return number;
}

uint32_t text_blocks::store(const flow_text_pieces& pieces) noexcept {
  return write(pieces, size_of(pieces));
}

uint32_t text_blocks::replace(uint32_t number, const flow_text_pieces& pieces) noexcept {
  const size_t bytes = size_of(pieces);
  if (number != 0 && at(number).size == bytes && holds(number, pieces))
    return number;
  const uint32_t made = write(pieces, bytes); // before the old one goes: it may be read from
  release(number);
  return made;
}

bool text_blocks::holds(uint32_t number, const flow_text_pieces& pieces) const noexcept {
  const flow_text& block = at(number);
  for (const auto& [piece, span] : members)
    if (view(block, block.*span) != cut(pieces.*piece))
      return false;
  return true;
}

uint32_t text_blocks::write(const flow_text_pieces& pieces, size_t bytes) noexcept {
  if (bytes == sizeof(flow_text))
    return 0;
  const uint32_t number = take(bytes);
  if (number == 0) {
    ++lost_;
    return 0;
  }
  char* block = base_ + uint64_t{number} * unit;
  auto& head = *reinterpret_cast<flow_text*>(block);
  head.size = static_cast<uint32_t>(bytes);
  head.writer = writer_;
  head.number = ++written_;
  size_t offset = sizeof(flow_text);
  for (const auto& [piece, span] : members) {
    const std::string_view text = cut(pieces.*piece);
    head.*span = {static_cast<uint16_t>(offset), static_cast<uint16_t>(text.size())};
    if (!text.empty())
      std::memcpy(block + offset, text.data(), text.size());
    offset += text.size();
  }
  return number;
}

flow_text_pieces text_blocks::pieces(uint32_t number) const noexcept {
  flow_text_pieces out;
  if (number == 0)
    return out;
  const flow_text& block = at(number);
  for (const auto& [piece, span] : members)
    out.*piece = view(block, block.*span);
  return out;
}

void text_blocks::release(uint32_t number) noexcept {
  if (number == 0)
    return;
  const size_t size_class = (at(number).size + step - 1) / step;
  std::memcpy(base_ + uint64_t{number} * unit, &free_[size_class], sizeof(uint32_t));
  free_[size_class] = number;
}

} // namespace flowactors
