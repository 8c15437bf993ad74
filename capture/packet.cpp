#include "capture/packet.hpp"

namespace flowactors {

const char* to_string(tunnel_kind kind) noexcept {
  switch (kind) {
    case tunnel_kind::none:
      return "none";
    case tunnel_kind::ip_in_ip:
      return "ipip";
    case tunnel_kind::six_in_four:
      return "6in4";
    case tunnel_kind::gre:
      return "gre";
    case tunnel_kind::vxlan:
      return "vxlan";
    case tunnel_kind::gtp_u:
      return "gtp";
    case tunnel_kind::capwap:
      return "capwap";
    case tunnel_kind::tzsp:
      return "tzsp";
  }
  return "?";
}

const char* to_string(undecoded reason) noexcept {
  switch (reason) {
    case undecoded::none:
      return "none";
#define X(name, text)   \
  case undecoded::name: \
    return #name;
      FLOWACTORS_UNDECODED(X)
#undef X
  }
  return "?";
}

} // namespace flowactors
