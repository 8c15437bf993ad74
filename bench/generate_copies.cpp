#include "bench/generate_copies.hpp"

#include <algorithm>
#include <iterator>

namespace flowactors::bench {

namespace {

constexpr int max_depth = 8; // headers of one kind in one frame

uint16_t get16(std::span<const uint8_t> bytes, size_t at) noexcept {
  return at + 2 <= bytes.size() ? static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]) : 0;
}

uint32_t get32(std::span<const uint8_t> bytes, size_t at) noexcept {
  return static_cast<uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

void put16(std::span<uint8_t> bytes, size_t at, uint64_t value) noexcept {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}

uint16_t reversed(uint16_t value) noexcept {
  uint16_t result = 0;
  for (int bit = 0; bit < 16; ++bit)
    result = static_cast<uint16_t>(result << 1 | (value >> bit & 1));
  return result;
}

enum class scope { fixed, inside, outside };

scope scope_of(const address& ip, bool version_4) noexcept {
  if (!version_4) {
    if (ip[0] == 0xff || std::all_of(ip.begin(), ip.end(), [](uint8_t byte) { return byte == 0; }))
      return scope::fixed;
    const bool unique_local = (ip[0] & 0xfe) == 0xfc, link_local = ip[0] == 0xfe;
    return unique_local || link_local || ip[0] == 0 ? scope::inside : scope::outside;
  }
  const uint8_t first = ip[12], second = ip[13];
  if (first == 0 || first >= 224)
    return scope::fixed;
  const bool inside = first == 10 || first == 127 || (first == 172 && (second & 0xf0) == 16)
                      || (first == 192 && second == 168) || (first == 169 && second == 254)
                      || (first == 100 && (second & 0xc0) == 64);
  return inside ? scope::inside : scope::outside;
}

/// Where the network packet of a frame begins, by the header that its link type has; nothing if
/// there is none.
size_t link_header(const frame& in) noexcept {
  const std::span<const uint8_t> bytes{in.data, in.captured};
  switch (in.link) {
    case link_type::raw:
    case link_type::ipv4:
    case link_type::ipv6:
      return 0;
    case link_type::null:
    case link_type::loop:
    case link_type::cisco_hdlc:
      return 4;
    case link_type::linux_sll:
      return 16;
    case link_type::linux_sll2:
      return 20;
    case link_type::ppp:
    case link_type::ppp_hdlc:
      // Address and control may be left out (RFC 1662, 3.2); Cisco HDLC comes under this number,
      // too.
      return get16(bytes, 0) == 0xff03 || get16(bytes, 2) == 0x0800 ? 4 : 2;
    default:
      return in.captured;
  }
}

} // namespace

std::vector<uint8_t> as_ethernet(const frame& in) {
  if (in.captured < in.wire)
    return {};
  const std::span<const uint8_t> bytes{in.data, in.captured};
  if (in.link == link_type::ethernet)
    return {bytes.begin(), bytes.end()};
  const size_t header = link_header(in);
  if (header >= bytes.size())
    return {};
  const uint8_t version = bytes[header] >> 4;
  if (version != 4 && version != 6)
    return {};
  std::vector<uint8_t> made{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00};
  if (version == 6)
    put16(made, 12, 0x86dd);
  std::copy(bytes.begin() + static_cast<ptrdiff_t>(header), bytes.end(), std::back_inserter(made));
  return made;
}

void apply(std::span<const patch> patches, uint16_t copy, std::span<uint8_t> frame) noexcept {
  // Reversed, so that a few copies change the upper bits only and meet no other host of a network.
  const uint32_t number = reversed(copy);
  for (const patch& each : patches) {
    uint64_t change = 0;
    for (size_t index = 0; index < each.flip_count; ++index) {
      const auto [at, shift] = each.flips[index];
      const uint32_t old = get32(frame, at), fresh = old ^ (number << shift);
      put16(frame, at, fresh >> 16);
      put16(frame, at + 2, fresh);
      change += (~old >> 16 & 0xffff) + (~old & 0xffff) + (fresh >> 16) + (fresh & 0xffff);
    }
    for (size_t index = 0; index < each.checksum_count; ++index) {
      const uint32_t at = each.checksums[index];
      uint64_t sum = (~static_cast<uint32_t>(get16(frame, at)) & 0xffff) + change;
      while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
      put16(frame, at, ~sum);
    }
  }
}

/// An IP header.
struct address_mover::network {
  size_t source_at, destination_at;
  size_t payload_at;
  size_t checksum_at; ///< 0 = none
  uint8_t protocol;
  bool version_4;
  bool later_fragment;
};

void address_mover::find(std::span<uint8_t> frame, std::vector<patch>& out) {
  out_ = &out;
  ethernet(frame, 0, 0);
}

void address_mover::ethernet(std::span<uint8_t> frame, size_t at, int depth) {
  uint16_t type = get16(frame, at + 12);
  at += 14;
  for (int tags = 0; tags < max_depth && (type == 0x8100 || type == 0x88a8 || type == 0x9100);
       ++tags, at += 4)
    type = get16(frame, at + 2);
  if (type == 0x8864) {
    at += 8;
    type = 0x0800;
  } else if (type == 0x8847 || type == 0x8848) {
    bool last = false;
    for (int labels = 0; labels < max_depth && !last; ++labels, at += 4)
      last = at + 4 > frame.size() || frame[at + 2] & 1;
    type = 0x0800;
  } else if (type < 0x600 && get16(frame, at) == 0xaaaa) {
    type = get16(frame, at + 6);
    at += 8;
  }
  if (type == 0x0800 || type == 0x86dd)
    ip(frame, at, depth);
}

void address_mover::ip(std::span<uint8_t> frame, size_t at, int depth) {
  if (depth == max_depth || at + 20 > frame.size())
    return;
  network header{};
  header.version_4 = frame[at] >> 4 == 4;
  if (header.version_4) {
    header.source_at = at + 12;
    header.destination_at = at + 16;
    header.checksum_at = at + 10;
    header.protocol = frame[at + 9];
    header.payload_at = at + (frame[at] & 15) * 4u;
    header.later_fragment = get16(frame, at + 6) & 0x1fff;
  } else {
    if (frame[at] >> 4 != 6 || at + 40 > frame.size())
      return;
    header.source_at = at + 8;
    header.destination_at = at + 24;
    header.protocol = frame[at + 6];
    header.payload_at = at + 40;
    const auto extension = [&] {
      return header.protocol == 0 || header.protocol == 43 || header.protocol == 44
             || header.protocol == 60;
    };
    while (extension() && header.payload_at + 8 <= frame.size()) {
      const size_t begin = header.payload_at;
      const bool fragment = header.protocol == 44;
      header.later_fragment |= fragment && get16(frame, begin + 2) >> 3;
      header.protocol = frame[begin];
      header.payload_at += fragment ? 8 : (frame[begin + 1] + 1u) * 8;
    }
  }
  transport(frame, header, depth);
}

void address_mover::transport(std::span<uint8_t> frame, network& header, int depth) {
  patch made{};
  add_flips(frame, header, made);
  if (header.checksum_at)
    made.checksums[made.checksum_count++] = static_cast<uint32_t>(header.checksum_at);
  size_t checksum_at = 0;
  if (header.protocol == 6)
    checksum_at = header.payload_at + 16;
  else if (header.protocol == 17)
    checksum_at = header.payload_at + 6;
  else if (header.protocol == 58)
    checksum_at = header.payload_at + 2;
  const size_t before = out_->size();
  out_->push_back(made);
  if (header.later_fragment)
    return;
  tunnel(frame, header, depth);
  const bool tunnelled = out_->size() > before + 1;
  if (checksum_at == 0 || checksum_at + 2 > frame.size())
    return;
  if (tunnelled)
    put16(frame, checksum_at, 0);
  else if (header.protocol != 17 || get16(frame, checksum_at) != 0)
    (*out_)[before].checksums[(*out_)[before].checksum_count++] =
      static_cast<uint32_t>(checksum_at);
}

void address_mover::tunnel(std::span<uint8_t> frame, const network& header, int depth) {
  size_t at = header.payload_at;
  if (header.protocol == 4 || header.protocol == 41) {
    ip(frame, at, depth + 1);
  } else if (header.protocol == 47 && at + 4 <= frame.size()) {
    const uint8_t flags = frame[at];
    const uint16_t type = get16(frame, at + 2);
    if (flags & 0x4f || frame[at + 1] & 7)
      return; // routing or another version (RFC 2784, 2.1)
    at += 4 + (flags & 0x80 ? 4 : 0) + (flags & 0x20 ? 4 : 0) + (flags & 0x10 ? 4 : 0);
    if (type == 0x0800 || type == 0x86dd)
      ip(frame, at, depth + 1);
    else if (type == 0x6558)
      ethernet(frame, at, depth + 1);
  } else if (header.protocol == 17) {
    const uint16_t from = get16(frame, at), to = get16(frame, at + 2);
    at += 8;
    if (to == 4789 && get32(frame, at) == 0x08000000)
      ethernet(frame, at + 8, depth + 1);
    else if ((from == 2152 || to == 2152) && at < frame.size() && frame[at] >> 4 == 3)
      ip(frame, at + 8 + (frame[at] & 7 ? 4 : 0), depth + 1);
  }
}

void address_mover::add_flips(std::span<const uint8_t> frame, const network& header, patch& to) {
  const size_t length = header.version_4 ? 4 : 16;
  address source{}, destination{};
  std::copy_n(frame.begin() + static_cast<ptrdiff_t>(header.source_at), length,
              source.end() - static_cast<ptrdiff_t>(length));
  std::copy_n(frame.begin() + static_cast<ptrdiff_t>(header.destination_at), length,
              destination.end() - static_cast<ptrdiff_t>(length));
  const auto add = [&](size_t at, const address& ip) {
    // The interface's bytes of IPv6; of IPv4 as many of the upper ones as its network has to spare.
    if (!header.version_4)
      to.flips[to.flip_count++] = {static_cast<uint32_t>(at + 8), 16};
    else
      to.flips[to.flip_count++] = {static_cast<uint32_t>(at),
                                   static_cast<uint8_t>(ip[12] == 10 || ip[12] == 127 ? 8 : 0)};
  };
  const scope from = scope_of(source, header.version_4);
  const scope into = scope_of(destination, header.version_4);
  if (from == scope::inside || into == scope::inside) {
    if (from == scope::inside)
      add(header.source_at, source);
    if (into == scope::inside)
      add(header.destination_at, destination);
    return;
  }
  if (from == scope::fixed && into == scope::fixed)
    return;
  const bool ports = !header.later_fragment && (header.protocol == 6 || header.protocol == 17);
  const bool answer = from == scope::fixed
                      || (into != scope::fixed && ports
                          && get16(frame, header.payload_at) < get16(frame, header.payload_at + 2));
  const auto [pair, fresh] =
    clients_.try_emplace(std::minmax(source, destination), answer ? destination : source);
  const bool source_moves = pair->second == source;
  add(source_moves ? header.source_at : header.destination_at, source_moves ? source : destination);
}

} // namespace flowactors::bench
