#include "capture/tunnels.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr size_t udp_length = 8;
constexpr size_t least_capwap_content =
  33; // 802.11 header, LLC, SNAP and the first byte of what they carry

// Walks over a tunnel's headers. Steps only over bytes that were captured and that the outer packet
// claims to have.
class tunnel_walk {
public:
  tunnel_walk(const decoder_options& options, const tunnel_payload& payload,
              tunnel_inside& out) noexcept
    : options_(options), at_(payload.at), claimed_(payload.claimed), out_(out) {
    out_.link = {};
    out_.id = 0;
  }

  bool skip(size_t count) noexcept {
    if (!at_.has(count) || claimed_ < count)
      return false;
    at_.at += count;
    claimed_ -= count;
    return true;
  }

  const uint8_t* at() const noexcept { return at_.at; }

  // RFC 2784, RFC 2890, and RFC 1701 for routing. Version 1 is that of PPTP (RFC 2637, 4.1) and
  // carries PPP.
  bool gre() noexcept {
    const uint8_t* header = at();
    if (!skip(4))
      return false;
    const uint16_t flags = load16(header);
    const uint16_t type = load16(header + 2);
    out_.kind = tunnel_kind::gre;
    switch (flags & 7) {
      case 0:
        return gre_fields(flags) && gre_inside(type);
      case 1:
        return type == ethertype::ppp && (flags & 0x2000) && pptp_fields(flags)
               && ethertype_inside(type);
      default:
        return false;
    }
  }

  // RFC 7348, 5: the I flag says that there is a VNI.
  bool vxlan() noexcept {
    const uint8_t* header = at();
    if (!skip(8) || !(header[0] & 0x08))
      return false;
    out_.kind = tunnel_kind::vxlan;
    out_.id = load32(header + 4) >> 8;
    return ethernet_inside();
  }

  // 3GPP TS 29.281, 5: version 1, protocol type GTP, T-PDU.
  bool gtp_u() noexcept {
    const uint8_t* header = at();
    if (!skip(8) || header[0] >> 4 != 3 || header[1] != 0xff)
      return false;
    out_.kind = tunnel_kind::gtp_u;
    out_.id = load32(header + 4);
    if ((header[0] & 7) && !skip(4))
      return false;
    return (!(header[0] & 4) || gtp_extensions(header[11])) && ip_behind(undecoded::none, at());
  }

  // RFC 5415, 4: preamble 0, header length in words. `wireless`: an 802.11 frame follows, else one
  // of 802.3.
  bool capwap_header(bool& wireless) noexcept {
    const uint8_t* header = at();
    if (!at_.has(8) || (header[0] & 0x0f) != 0)
      return false;
    wireless = header[2] & 1;
    out_.kind = tunnel_kind::capwap;
    const size_t length = (header[1] & 0xf8u) >> 1;
    return length >= 8 && skip(length) && at_.has(least_capwap_content);
  }

  // Version 1, a received packet (0) of Ethernet (1), then tags up to the end tag (1); padding (0)
  // has no length.
  bool tzsp() noexcept {
    const uint8_t* header = at();
    if (!skip(4) || header[0] != 1 || header[1] != 0 || load16(header + 2) != 1)
      return false;
    out_.kind = tunnel_kind::tzsp;
    for (const uint8_t* tag = at(); skip(1); tag = at()) {
      if (tag[0] == 1)
        return ethernet_inside();
      if (tag[0] != 0 && (!skip(1) || !skip(tag[1])))
        return false;
    }
    return false;
  }

  // IEEE 802.11 data frames: 24 bytes, a fourth address between access points, two bytes of QoS;
  // then LLC and SNAP.
  bool wireless_inside() noexcept {
    const uint8_t* header = at();
    if (!at_.has(24))
      return false;
    // Access controllers differ in the order of the two control bytes.
    const bool swapped = (header[0] & 0x0c) != 0x08 && (header[1] & 0x0c) == 0x08;
    const uint8_t control = swapped ? header[1] : header[0];
    const uint8_t direction = (swapped ? header[0] : header[1]) & 3;
    const bool null_data = control & 0x40;
    if ((control & 0x0c) != 0x08 || null_data)
      return false;
    const size_t length = 24 + (direction == 3 ? 6 : 0) + (control & 0x80 ? 2 : 0);
    const uint8_t* snap = header + length;
    if (!skip(length + 8) || snap[0] != 0xaa || snap[1] != 0xaa)
      return false;
    return ethertype_inside(load16(snap + 6));
  }

  bool ethernet_inside() noexcept {
    const uint8_t* from = at();
    return ip_behind(open_ethernet(options_.max_headers, at_, out_.link), from);
  }

private:
  bool gre_fields(uint16_t flags) noexcept {
    if ((flags & 0xc000) && !skip(4)) // checksum, and offset of the routing
      return false;
    if (flags & 0x2000) {
      const uint8_t* key = at();
      if (!skip(4))
        return false;
      out_.id = load32(key);
    }
    if ((flags & 0x1000) && !skip(4))
      return false;
    return !(flags & 0x4000) || gre_routing();
  }

  // Source route entries: address family, offset, length, data; one of zeros ends them.
  bool gre_routing() noexcept {
    for (uint8_t entries = 0; entries <= options_.max_headers; ++entries) {
      const uint8_t* entry = at();
      if (!skip(4) || !skip(entry[3]))
        return false;
      if (load16(entry) == 0 && entry[3] == 0)
        return true;
    }
    return false;
  }

  bool gre_inside(uint16_t type) noexcept {
    return type == ethertype::bridging ? ethernet_inside() : ethertype_inside(type);
  }

  // The key holds payload length and call; sequence and acknowledgement numbers may follow.
  bool pptp_fields(uint16_t flags) noexcept {
    const uint8_t* key = at();
    if (!skip(4))
      return false;
    out_.id = load16(key + 2);
    return (!(flags & 0x1000) || skip(4)) && (!(flags & 0x0080) || skip(4));
  }

  // Each extension: length in words, content, type of the next one (5.2.1).
  bool gtp_extensions(uint8_t type) noexcept {
    for (uint8_t extensions = 0; type != 0; ++extensions) {
      const uint8_t* extension = at();
      if (extensions == options_.max_headers || !at_.has(1))
        return false;
      const size_t length = extension[0] * 4u;
      if (length == 0 || !skip(length))
        return false;
      type = extension[length - 1];
    }
    return true;
  }

  bool ethertype_inside(uint16_t type) noexcept {
    const uint8_t* from = at();
    return ip_behind(open_ethertype(type, options_.max_headers, at_, out_.link), from);
  }

  // Link headers were stepped over from `from` on, without a look at what the outer packet claims.
  bool ip_behind(undecoded links, const uint8_t* from) noexcept {
    const size_t stepped = static_cast<size_t>(at() - from);
    out_.at = at_;
    return links == undecoded::none && stepped <= claimed_
           && believable_ip(at_, claimed_ - stepped);
  }

  const decoder_options& options_;
  byte_range at_;
  size_t claimed_;
  tunnel_inside& out_;
};

tunnel_finding open_capwap(const decoder_options& options, const tunnel_payload& payload,
                           tunnel_inside& out) noexcept {
  tunnel_walk walk{options, payload, out};
  bool wireless = false;
  if (!walk.skip(udp_length) || !walk.capwap_header(wireless))
    return tunnel_finding::no_tunnel;
  if (wireless ? walk.wireless_inside() : walk.ethernet_inside())
    return tunnel_finding::opened;
  out.reason = undecoded::not_ip;
  return tunnel_finding::given_up;
}

tunnel_finding open_udp(const decoder_options& options, const tunnel_payload& payload,
                        tunnel_inside& out) noexcept {
  if (payload.claimed < udp_length)
    return tunnel_finding::no_tunnel;
  const tunnel_ports ports = find_tunnel_ports(options, payload.at.at);
  const auto open = [&](bool (tunnel_walk::*kind)() noexcept) {
    tunnel_walk walk{options, payload, out};
    return walk.skip(udp_length) && (walk.*kind)();
  };
  if ((ports.vxlan && open(&tunnel_walk::vxlan)) || (ports.gtp && open(&tunnel_walk::gtp_u))
      || (ports.tzsp && open(&tunnel_walk::tzsp)))
    return tunnel_finding::opened;
  return ports.capwap ? open_capwap(options, payload, out) : tunnel_finding::no_tunnel;
}

// IP in IP (RFC 2003, RFC 2473) and IPv6 in IPv4 (RFC 4213, 3.5).
tunnel_finding open_ip(tunnel_kind kind, const tunnel_payload& payload,
                       tunnel_inside& out) noexcept {
  out.at = payload.at;
  out.kind = kind;
  out.id = 0;
  out.link = {};
  const bool captured = out.at.has(1);
  const uint8_t version = captured ? out.at.at[0] >> 4 : 0;
  if (version == 4 || version == 6)
    return tunnel_finding::opened;
  out.reason = captured || payload.claimed == 0 ? undecoded::bad_tunnel : undecoded::truncated_ip;
  return tunnel_finding::given_up;
}

} // namespace

tunnel_finding open_tunnel(const decoder_options& options, const ip_header& outer,
                           const tunnel_payload& payload, tunnel_inside& out) noexcept {
  switch (outer.protocol) {
    case ip_protocol::udp:
      return open_udp(options, payload, out);
    case ip_protocol::gre:
      return options.gre && tunnel_walk{options, payload, out}.gre() ? tunnel_finding::opened
                                                                     : tunnel_finding::no_tunnel;
    case ip_protocol::ipv6:
      if (outer.version == 4)
        return options.six_in_four ? open_ip(tunnel_kind::six_in_four, payload, out)
                                   : tunnel_finding::no_tunnel;
      [[fallthrough]];
    default:
      return options.ip_in_ip ? open_ip(tunnel_kind::ip_in_ip, payload, out)
                              : tunnel_finding::no_tunnel;
  }
}

} // namespace flowactors
