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

void join(const datagram_flow& flow, packet& out) noexcept {
  out.source = flow.source;
  out.destination = flow.destination;
  out.source_port = flow.source_port;
  out.destination_port = flow.destination_port;
  out.vlan = flow.vlan;
  out.protocol = flow.protocol;
  out.ip_version = flow.ip_version;
  out.tunnel = flow.tunnel;
  out.tunnel_id = flow.tunnel_id;
  out.icmp_type = flow.icmp_type;
  out.icmp_code = flow.icmp_code;
}

bool complete(const ip_header& ip, const uint8_t* end) noexcept {
  return ip.length_known && static_cast<size_t>(end - ip.start) >= ip.total_length;
}

// What is true of the frame whatever flow it belongs to.
void describe(const frame& in, const ip_header& ip, const link_headers& link,
              packet& out) noexcept {
  out.time_ns = in.time_ns;
  out.wire_length = in.wire;
  out.network = ip.start;
  out.network_captured = static_cast<uint32_t>(in.data + in.captured - ip.start);
  out.ttl = ip.ttl;
  out.fragment = ip.fragment();
  copy_mac(link.source_mac, out.source_mac);
  copy_mac(link.destination_mac, out.destination_mac);
}

// The innermost packet is found.
inline undecoded finish(const decoder_options& options, const frame& in, const ip_header& ip,
                        const link_headers& link, packet& out) noexcept {
  const uint8_t* end = in.data + in.captured;
  if (!options.keep_incomplete && !complete(ip, end))
    return undecoded::incomplete;
  describe(in, ip, link, out);
  read_addresses(ip.start, ip.version, out);
  out.vlan = link.vlan;
  out.protocol = ip.protocol;
  out.ip_version = ip.version;
  return read_transport(ip.protocol, behind(ip, end), out);
}

// A packet that would be decoded for sure: to know whose it is its transport header need not be
// read.
bool reads_as_far(const decoder_options& options, const frame& in, const ip_header& ip) noexcept {
  const uint8_t* end = in.data + in.captured;
  return (options.keep_incomplete || complete(ip, end))
         && surely_readable(ip.protocol, behind(ip, end));
}

bool of_another(const packet_share& share, const decoder_options& options, const frame& in,
                const ip_header& ip, packet& out) noexcept {
  if (!reads_as_far(options, in, ip))
    return false;
  read_addresses(ip.start, ip.version, out);
  out.time_ns = in.time_ns;
  return !share.owns(out);
}

// The usual frame: an IP packet without tunnel and fragments.
bool is_plain(const decoder_options& options, const byte_range& at, ip_header& ip) noexcept {
  return read_plain_ip(at, ip)
         && !may_be_tunnel(options, ip.protocol, {ip.start + ip.header_length, at.end});
}

// The way of a frame from its first IP header to the innermost packet, through tunnels and
// fragments.
class ip_walk {
public:
  ip_walk(const decoder_options& options, fragment_cache& fragments, const frame& in,
          packet& out) noexcept
    : options_(options), fragments_(fragments), in_(in), out_(out), end_(in.data + in.captured) {}

  undecoded open(const uint8_t* at, link_headers link) noexcept {
    ip_header ip;
    const uint32_t wire_left = in_.wire - static_cast<uint32_t>(at - in_.data);
    const uint32_t least = options_.drop_damaged ? least_ipv4_header : 0;
    if (const undecoded reason = read_ip({at, end_}, wire_left, options_.max_headers, least, ip);
        reason != undecoded::none)
      return reason;
    if (!options_.drop_damaged && link.guessed)
      ip.forget_fragments();
    const fragment_kind fragment = ip.fragment();
    if (fragment == fragment_kind::later)
      return follow_first(ip, link);
    const undecoded reason = open_content(ip, link);
    // Not before its content is known: if that is a tunnel, the later fragments belong to the inner
    // flow.
    if (fragment == fragment_kind::first && reason == undecoded::none && options_.follow_fragments)
      fragments_.remember(key_of(ip, link.vlan), flow_of(out_), in_.time_ns);
    return reason;
  }

private:
  undecoded open_content(const ip_header& ip, const link_headers& link) noexcept {
    const byte_range content{ip.start + ip.header_length, end_};
    if (!may_be_tunnel(options_, ip.protocol, content))
      return finish(options_, in_, ip, link, out_);
    const size_t claimed =
      ip.more_fragments ? std::numeric_limits<size_t>::max() : ip.payload_length();
    tunnel_inside inside;
    switch (open_tunnel(options_, ip, {content, claimed}, inside)) {
      case tunnel_finding::opened:
        return enter(inside, link);
      case tunnel_finding::given_up:
        return inside.reason;
      case tunnel_finding::no_tunnel:
        break;
    }
    return finish(options_, in_, ip, link, out_);
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

  undecoded follow_first(const ip_header& ip, const link_headers& link) noexcept {
    if (!options_.follow_fragments)
      return undecoded::fragment_dropped;
    if (!options_.keep_incomplete && !complete(ip, end_))
      return undecoded::incomplete;
    const datagram_flow* flow = fragments_.find(key_of(ip, link.vlan), in_.time_ns);
    if (flow == nullptr)
      return undecoded::fragment_unknown;
    describe(in_, ip, link, out_);
    read_opaque(behind(ip, end_), out_);
    join(*flow, out_);
    return undecoded::none;
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

undecoded decoder::decode(const frame& in, packet& out, const packet_share& share) noexcept {
  byte_range at{in.data, in.data + in.captured};
  link_headers link;
  if (const undecoded reason = open_link(in.link, options_.max_headers, at, link);
      reason != undecoded::none)
    return reason;
  out.tunnel = tunnel_kind::none;
  out.tunnel_id = 0;
  ip_header ip;
  if (is_plain(options_, at, ip)) [[likely]]
    return share.workers != 1 && of_another(share, options_, in, ip, out)
             ? undecoded::none
             : finish(options_, in, ip, link, out);
  return ip_walk{options_, *fragments_, in, out}.open(at.at, link);
}

uint32_t share_of(const decoder_options& options, const frame& in) noexcept {
  byte_range at{in.data, in.data + in.captured};
  link_headers link;
  ip_header ip;
  if (open_link(in.link, options.max_headers, at, link) != undecoded::none
      || !is_plain(options, at, ip) || !reads_as_far(options, in, ip))
    return 0;
  packet out;
  read_addresses(ip.start, ip.version, out);
  return lower_address_hash(out);
}

} // namespace flowactors
