#include "capture/decoder.hpp"

#include "capture/fragments.hpp"
#include "capture/ip_layer.hpp"
#include "capture/link_layer.hpp"
#include "capture/transport.hpp"
#include "capture/tunnels.hpp"

#include <cstring>
#include <limits>

namespace flowactors {

namespace {

void copy_mac(const uint8_t* from, std::array<uint8_t, 6>& to) noexcept {
  if (from != nullptr)
    std::memcpy(to.data(), from, to.size());
  else
    to = {};
}

datagram_key key_of(const ip_header& ip, uint16_t vlan) noexcept {
  packet addresses;
  read_addresses(ip.start, ip.version, addresses);
  // Fragments of one IPv6 datagram may name different protocols; the first one's counts (RFC
  // 8200, 4.5).
  const uint8_t protocol = ip.version == 4 ? ip.protocol : ip_protocol::fragment;
  return {addresses.source, addresses.destination, ip.identification, vlan, protocol};
}

datagram_flow flow_of(const packet& from) noexcept {
  return {from.source,           from.destination, from.tunnel_id, from.source_port,
          from.destination_port, from.vlan,        from.protocol,  from.ip_version,
          from.tunnel,           from.icmp_type,   from.icmp_code};
}

// The way of one frame from its first IP header to the innermost packet.
class ip_walk {
public:
  ip_walk(const decoder_options& options, fragment_cache& fragments, const frame& in,
          packet& out) noexcept
    : options_(options), fragments_(fragments), in_(in), out_(out), end_(in.data + in.captured) {}

  undecoded open(const uint8_t* at, const link_headers& link) noexcept {
    ip_header ip;
    const uint32_t wire_left = in_.wire - static_cast<uint32_t>(at - in_.data);
    if (const undecoded reason = read_ip({at, end_}, wire_left, options_.max_headers, ip);
        reason != undecoded::none)
      return reason;
    const fragment_kind fragment = ip.fragment();
    if (fragment == fragment_kind::later) [[unlikely]]
      return follow_first(ip, link);
    const undecoded reason = open_content(ip, link);
    if (fragment == fragment_kind::first && reason == undecoded::none && options_.follow_fragments)
      [[unlikely]]
      fragments_.remember(key_of(ip, link.vlan), flow_of(out_), in_.time_ns);
    return reason;
  }

private:
  undecoded open_content(const ip_header& ip, const link_headers& link) noexcept {
    tunnel_inside inside;
    tunnel_finding found = tunnel_finding::no_tunnel;
    switch (ip.protocol) {
      case ip_protocol::udp:
        found = open_udp_tunnel(options_, payload_of(ip), inside);
        break;
      case ip_protocol::ipv4:
      case ip_protocol::ipv6:
      case ip_protocol::gre:
        found = open_ip_tunnel(options_, ip, payload_of(ip), inside);
        break;
      default:
        break;
    }
    switch (found) {
      case tunnel_finding::no_tunnel:
        break;
      case tunnel_finding::opened:
        return enter(inside, link);
      case tunnel_finding::given_up:
        return inside.reason;
    }
    return finish(ip, link);
  }

  // The inner packet keeps what only the outer headers say: the tag, and the hardware addresses if
  // there is no inner frame.
  undecoded enter(const tunnel_inside& inside, const link_headers& outer) noexcept {
    if (tunnels_++ == options_.max_headers)
      return undecoded::too_many_headers;
    out_.tunnel = inside.kind;
    out_.tunnel_id = inside.id;
    link_headers link = inside.link.source_mac != nullptr ? inside.link : outer;
    link.vlan = inside.link.tagged ? inside.link.vlan : outer.vlan;
    return open(inside.at.at, link);
  }

  undecoded finish(const ip_header& ip, const link_headers& link) noexcept {
    if (!options_.keep_incomplete && !complete(ip))
      return undecoded::incomplete;
    describe(ip, link);
    read_addresses(ip.start, ip.version, out_);
    out_.vlan = link.vlan;
    out_.protocol = ip.protocol;
    out_.ip_version = ip.version;
    return read_transport(ip, end_, out_);
  }

  undecoded follow_first(const ip_header& ip, const link_headers& link) noexcept {
    if (!options_.follow_fragments)
      return undecoded::fragment_dropped;
    if (!options_.keep_incomplete && !complete(ip))
      return undecoded::incomplete;
    const datagram_flow* flow = fragments_.find(key_of(ip, link.vlan), in_.time_ns);
    if (flow == nullptr)
      return undecoded::fragment_unknown;
    describe(ip, link);
    read_opaque(ip, end_, out_);
    out_.source = flow->source;
    out_.destination = flow->destination;
    out_.source_port = flow->source_port;
    out_.destination_port = flow->destination_port;
    out_.vlan = flow->vlan;
    out_.protocol = flow->protocol;
    out_.ip_version = flow->ip_version;
    out_.tunnel = flow->tunnel;
    out_.tunnel_id = flow->tunnel_id;
    out_.icmp_type = flow->icmp_type;
    out_.icmp_code = flow->icmp_code;
    return undecoded::none;
  }

  // What is true of the frame whatever the packet belongs to.
  void describe(const ip_header& ip, const link_headers& link) noexcept {
    out_.time_ns = in_.time_ns;
    out_.wire_length = in_.wire;
    out_.network = ip.start;
    out_.network_captured = static_cast<uint32_t>(end_ - ip.start);
    out_.ttl = ip.ttl;
    out_.fragment = ip.fragment();
    copy_mac(link.source_mac, out_.source_mac);
    copy_mac(link.destination_mac, out_.destination_mac);
  }

  bool complete(const ip_header& ip) const noexcept {
    return ip.length_known && static_cast<size_t>(end_ - ip.start) >= ip.total_length;
  }

  tunnel_payload payload_of(const ip_header& ip) const noexcept {
    const size_t claimed =
      ip.more_fragments ? std::numeric_limits<size_t>::max() : ip.payload_length();
    return {{ip.start + ip.header_length, end_}, claimed};
  }

  const decoder_options& options_;
  fragment_cache& fragments_;
  const frame& in_;
  packet& out_;
  const uint8_t* end_;
  uint32_t tunnels_ = 0;
};

} // namespace

decoder::decoder(const decoder_options& options)
  : options_(options),
    fragments_(
      std::make_unique<fragment_cache>(options.fragment_entries, options.fragment_lifetime_ns)) {}

decoder::~decoder() = default;

decoder::decoder(decoder&&) noexcept = default;

undecoded decoder::decode(const frame& in, packet& out) noexcept {
  byte_range at{in.data, in.data + in.captured};
  link_headers link;
  if (const undecoded reason = open_link(in.link, options_.max_headers, at, link);
      reason != undecoded::none)
    return reason;
  out.tunnel = tunnel_kind::none;
  out.tunnel_id = 0;
  return ip_walk{options_, *fragments_, in, out}.open(at.at, link);
}

} // namespace flowactors
