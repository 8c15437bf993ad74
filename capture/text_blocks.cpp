#include "capture/text_blocks.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
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

static_assert(sizeof(flow_text) == sizeof(uint32_t) + std::size(members) * sizeof(flow_text_span),
              "a piece is missing");
static_assert(sizeof(flow_text_pieces) == std::size(members) * sizeof(std::string_view),
              "a piece is missing");

} // namespace

result<text_blocks> text_blocks::make(uint64_t max_bytes) {
  max_bytes = std::clamp<uint64_t>(max_bytes, 1u << 20, uint64_t{0xffffffff} * unit);
  void* base = mmap(nullptr, max_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return error{ec::out_of_resources,
                 "no address space for " + std::to_string(max_bytes >> 20)
                   + " MiB of flow text; lower [flows] max or raise the limit (ulimit -v)"};
  // Behind what a few thousand flows say, large pages: each block is written once and read once.
  constexpr uint64_t small_part = 2u << 20;
  if (max_bytes > small_part)
    madvise(static_cast<char*>(base) + small_part, max_bytes - small_part, MADV_HUGEPAGE);
  return text_blocks{static_cast<char*>(base), max_bytes};
}

text_blocks::~text_blocks() {
  if (base_ != nullptr)
    munmap(base_, size_);
}

text_blocks::text_blocks(text_blocks&& other) noexcept
  : base_(std::exchange(other.base_, nullptr)),
    size_(other.size_),
    used_(other.used_),
    lost_(other.lost_),
    free_(other.free_) {}

text_blocks& text_blocks::operator=(text_blocks&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_, other.size_);
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
  size_t bytes = sizeof(flow_text);
  for (const auto& [piece, span] : members)
    bytes += std::min((pieces.*piece).size(), max_piece);
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
  size_t offset = sizeof(flow_text);
  for (const auto& [piece, span] : members) {
    const size_t length = std::min((pieces.*piece).size(), max_piece);
    head.*span = {static_cast<uint16_t>(offset), static_cast<uint16_t>(length)};
    if (length != 0)
      std::memcpy(block + offset, (pieces.*piece).data(), length);
    offset += length;
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
