#pragma once

#include "capture/flow.hpp"
#include "capture/result.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace flowactors {

/// The pieces of a flow's text before they become a block. A member for each of flow_text, views
/// that live during the call.
struct flow_text_pieces {
  std::string_view server_name, http_method, http_url, http_user_agent, http_content_type,
    dns_query, tls_sni, tls_server_names, tls_issuer, tls_subject, tls_alpn, tls_versions,
    ja3_client, ja3_server, ssh_client, ssh_server, hassh_client, hassh_server, bittorrent_hash;
};

/// Text blocks of a worker's flows, in one reserved stretch of memory whose base never moves, so
/// that records can refer to them by number. Bounded; freed blocks are used again by size class.
class text_blocks {
public:
  /// Longest text kept of any piece; the rest is cut.
  static constexpr size_t max_piece = 512;

  /// Reserves room (address space, not memory) for `max_bytes`.
  static result<text_blocks> make(uint64_t max_bytes);
  ~text_blocks();
  text_blocks(text_blocks&& other) noexcept;
  text_blocks& operator=(text_blocks&& other) noexcept;

  /// Block number 0: a flow_text without any text.
  const char* base() const noexcept { return base_; }

  /// Writes the pieces as a block and gives its number; 0 when no piece has text or there is no
  /// room (`lost` counts).
  uint32_t store(const flow_text_pieces& pieces) noexcept;

  /// The block of that number.
  const flow_text& at(uint32_t number) const noexcept {
    return *reinterpret_cast<const flow_text*>(base_ + uint64_t{number} * unit);
  }

  /// The pieces of that block, as views into it.
  flow_text_pieces pieces(uint32_t number) const noexcept;

  /// Makes the block hold these pieces, which may be views into it; gives the number of the block
  /// that does (the same one if nothing has changed).
  uint32_t replace(uint32_t number, const flow_text_pieces& pieces) noexcept;

  /// Gives the block back; 0 is ignored.
  void release(uint32_t number) noexcept;

  /// Blocks that found no room.
  uint64_t lost() const noexcept { return lost_; }

private:
  static constexpr uint64_t unit = 16;
  static constexpr size_t step = 64;         // size classes are multiples of this
  static constexpr size_t max_block = 10240; // all pieces at their longest

  text_blocks(char* base, uint64_t size, uint64_t writer) noexcept
    : base_(base), size_(size), writer_(writer), used_(256) {}
  uint32_t take(size_t bytes) noexcept;
  uint32_t write(const flow_text_pieces& pieces, size_t bytes) noexcept;
  bool holds(uint32_t number, const flow_text_pieces& pieces) const noexcept;

  char* base_;
  uint64_t size_;
  uint64_t writer_;
  uint64_t written_ = 0; // blocks
  uint64_t used_;
  uint64_t lost_ = 0;
  std::array<uint32_t, max_block / step + 1>
    free_{}; // by size class: first free block, each naming the next
};

} // namespace flowactors
