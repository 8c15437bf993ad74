#include "capture/link_layer.hpp"

#include "capture/ip_layer.hpp"

namespace flowactors {

namespace {

constexpr uint16_t highest_length_field =
  1500; // IEEE 802.3, 3.2.6: larger ones are EtherTypes from 1536 on

// A chain of headers, each of which names the next: tags, labels, LLC, PPP. All opened headers
// count against one bound, so that headers which contain each other can't make a loop.
class link_walk {
public:
  link_walk(uint8_t max_headers, byte_range& at, link_headers& out) noexcept
    : at_(at), out_(out), headers_left_(max_headers) {}

  undecoded ethernet() noexcept {
    if (!at_.has(14))
      return undecoded::truncated_link;
    out_.destination_mac = at_.at;
    out_.source_mac = at_.at + 6;
    const uint16_t type = load16(at_.at + 12);
    at_.at += 14;
    return type_or_length(type);
  }

  undecoded ethernet_type(uint16_t type) noexcept {
    switch (type) {
      case ethertype::ipv4:
      case ethertype::ipv6:
        return undecoded::none;
      case ethertype::vlan:
      case ethertype::provider_vlan:
      case ethertype::old_provider_vlan:
        return tag();
      case ethertype::mpls:
      case ethertype::mpls_upstream:
        return labels();
      case ethertype::pppoe_session:
        return pppoe();
      case ethertype::ppp:
        return ppp();
      default:
        return by_looks();
    }
  }

  // DSAP, SSAP, control; behind SNAP's AA AA 03 an organisation's code and an EtherType (IEEE
  // 802, 9.2 and 9.5).
  undecoded llc() noexcept {
    if (!at_.has(3))
      return undecoded::truncated_link;
    if (at_.at[0] != 0xaa || at_.at[1] != 0xaa)
      return by_looks();
    if (!at_.has(8))
      return undecoded::truncated_link;
    const uint32_t organisation = load32(at_.at + 2) & 0xffffff;
    const uint16_t type = load16(at_.at + 6);
    at_.at += 8;
    // 00-00-F8 is the bridge-tunnel encapsulation of IEEE 802.1H.
    return organisation == 0 || organisation == 0x0000f8 ? enter(type) : by_looks();
  }

  undecoded ppp() noexcept {
    if (at_.has(2) && at_.at[0] == 0xff && at_.at[1] == 0x03)
      at_.at += 2;
    if (!at_.has(1))
      return undecoded::truncated_link;
    // An odd first byte is a whole protocol field, compressed (RFC 1661, 6.5).
    const bool compressed = at_.at[0] & 1;
    if (!compressed && !at_.has(2))
      return undecoded::truncated_link;
    const uint16_t protocol = compressed ? at_.at[0] : load16(at_.at);
    at_.at += compressed ? 1 : 2;
    switch (protocol) {
      case 0x0021:
      case 0x0057:
        return undecoded::none;
      case 0x0281:
        return enter(ethertype::mpls);
      case 0x0283:
        return enter(ethertype::mpls_upstream);
      default:
        return undecoded::not_ip;
    }
  }

  undecoded cisco_hdlc() noexcept {
    if (!at_.has(4))
      return undecoded::truncated_link;
    const uint16_t type = load16(at_.at + 2);
    at_.at += 4;
    return ethernet_type(type);
  }

  // PPP and Cisco's framing share link types; Cisco's address byte is 0x0f (unicast) or 0x8f
  // (broadcast).
  undecoded serial() noexcept {
    const bool cisco = at_.has(1) && (at_.at[0] == 0x0f || at_.at[0] == 0x8f);
    return cisco ? cisco_hdlc() : ppp();
  }

  // `size` bytes with the protocol at `type_at`, and the sender's address with its length at
  // `address_at`.
  undecoded cooked(size_t size, size_t type_at, uint16_t address_length,
                   size_t address_at) noexcept {
    const uint16_t type = load16(at_.at + type_at);
    if (address_length == 6)
      out_.source_mac = at_.at + address_at;
    at_.at += size;
    return type == 4 ? llc() : ethernet_type(type);
  }

  undecoded cooked_v1() noexcept {
    return at_.has(16) ? cooked(16, 14, load16(at_.at + 4), 6) : undecoded::truncated_link;
  }

  undecoded cooked_v2() noexcept {
    return at_.has(20) ? cooked(20, 0, at_.at[11], 12) : undecoded::truncated_link;
  }

  // The family is in the byte order of the machine that captured, and IPv6's number differs between
  // systems.
  undecoded loopback() noexcept {
    if (!at_.has(4))
      return undecoded::truncated_link;
    uint32_t family = load32(at_.at);
    if (family > 0xffff)
      family = at_.at[0] | uint32_t{at_.at[1]} << 8 | uint32_t{at_.at[2]} << 16
               | uint32_t{at_.at[3]} << 24;
    at_.at += 4;
    switch (family) {
      case 2:  // IPv4
      case 10: // IPv6: Linux
      case 24: // NetBSD, OpenBSD
      case 28: // FreeBSD
      case 30: // Darwin
        return undecoded::none;
      default:
        return by_looks();
    }
  }

private:
  // A type may be unknown (a vendor's), wrong or damaged. A packet that is whole and consistent is
  // not lost for that.
  undecoded by_looks() noexcept {
    out_.guessed = true;
    return believable_ip(at_, at_.size()) ? undecoded::none : undecoded::not_ip;
  }

  undecoded enter(uint16_t type) noexcept {
    if (headers_left_ == 0)
      return undecoded::too_many_headers;
    --headers_left_;
    return ethernet_type(type);
  }

  undecoded type_or_length(uint16_t type) noexcept {
    return type <= highest_length_field ? llc() : ethernet_type(type);
  }

  undecoded tag() noexcept {
    if (headers_left_ == 0)
      return undecoded::too_many_headers;
    --headers_left_;
    if (!at_.has(4))
      return undecoded::truncated_link;
    out_.vlan = load16(at_.at) & 0xfff;
    out_.tagged = true;
    const uint16_t type = load16(at_.at + 2);
    at_.at += 4;
    return type_or_length(type);
  }

  // Nothing in a label stack says what follows it. IP is told by its version; 0 in its place is the
  // control word of an Ethernet pseudowire (RFC 4448, 4.6).
  undecoded labels() noexcept {
    bool bottom = false;
    while (!bottom) {
      if (headers_left_ == 0)
        return undecoded::too_many_headers;
      --headers_left_;
      if (!at_.has(4))
        return undecoded::truncated_link;
      bottom = at_.at[2] & 1;
      at_.at += 4;
    }
    if (!at_.has(1))
      return undecoded::truncated_link;
    switch (at_.at[0] >> 4) {
      case 4:
      case 6:
        return undecoded::none;
      case 0:
        return pseudowire();
      default:
        return undecoded::not_ip;
    }
  }

  undecoded pseudowire() noexcept {
    if (headers_left_ == 0)
      return undecoded::too_many_headers;
    --headers_left_;
    if (!at_.has(4))
      return undecoded::truncated_link;
    at_.at += 4;
    return ethernet();
  }

  // RFC 2516, 4: version and type 1, code 0 for a session, identifier, length, then PPP.
  undecoded pppoe() noexcept {
    if (headers_left_ == 0)
      return undecoded::too_many_headers;
    --headers_left_;
    if (!at_.has(6))
      return undecoded::truncated_link;
    if (at_.at[1] != 0)
      return undecoded::not_ip;
    at_.at += 6;
    return ppp();
  }

  byte_range& at_;
  link_headers& out_;
  uint8_t headers_left_;
};

} // namespace

undecoded open_any_link(link_type link, uint8_t max_headers, byte_range& at,
                        link_headers& out) noexcept {
  link_walk walk{max_headers, at, out};
  switch (link) {
    case link_type::ethernet:
      return walk.ethernet();
    case link_type::raw:
    case link_type::ipv4:
    case link_type::ipv6:
      return undecoded::none;
    case link_type::null:
    case link_type::loop:
      return walk.loopback();
    case link_type::ppp:
    case link_type::ppp_hdlc:
      return walk.serial();
    case link_type::cisco_hdlc:
      return walk.cisco_hdlc();
    case link_type::linux_sll:
      return walk.cooked_v1();
    case link_type::linux_sll2:
      return walk.cooked_v2();
  }
  return undecoded::unknown_link;
}

undecoded open_ethernet(uint8_t max_headers, byte_range& at, link_headers& out) noexcept {
  return link_walk{max_headers, at, out}.ethernet();
}

undecoded open_ethertype(uint16_t type, uint8_t max_headers, byte_range& at,
                         link_headers& out) noexcept {
  return link_walk{max_headers, at, out}.ethernet_type(type);
}

} // namespace flowactors
