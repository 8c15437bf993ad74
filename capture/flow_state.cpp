#include "capture/flow_state.hpp"

#include <netinet/in.h>

#include <cstring>

namespace flowactors {

packed_flow pack_flow(const flow_record& from) noexcept {
  packed_flow out;
  std::memcpy(out.client_address.data(), from.client_address, 16);
  std::memcpy(out.server_address.data(), from.server_address, 16);
  out.id = from.id;
  out.time_ns = from.first_seen_ns;
  out.bytes = static_cast<uint32_t>(from.client.bytes);
  out.next_sequence = from.client_tcp.next_sequence;
  out.tunnel_id = from.tunnel_id;
  out.client_port = from.client_port;
  out.server_port = from.server_port;
  out.vlan = from.vlan;
  out.window = from.client_tcp.window;
  out.client_network = from.client_network;
  out.server_network = from.server_network;
  std::memcpy(out.client_mac, from.client_mac, 6);
  std::memcpy(out.server_mac, from.server_mac, 6);
  out.window_scale = from.client_tcp.window_scale;
  out.flags = from.client_tcp.flags;
  out.ip_version = from.ip_version;
  out.tunnel = from.tunnel;
  out.ttl = from.ttl;
  return out;
}

void unpack_flow(const packed_flow& from, flow_record& out) noexcept {
  std::memcpy(out.client_address, from.client_address.data(), 16);
  std::memcpy(out.server_address, from.server_address.data(), 16);
  out.id = from.id;
  out.first_seen_ns = out.last_seen_ns = out.tick_ns = from.time_ns;
  out.syn_ns = out.client_gaps.last_ns = from.time_ns;
  out.client.packets = 1;
  out.client.bytes = from.bytes;
  out.client_tcp.next_sequence = from.next_sequence;
  out.client_tcp.window = from.window;
  out.client_tcp.window_scale = from.window_scale;
  out.client_tcp.flags = out.last_tcp_flags = from.flags;
  out.state = static_cast<uint8_t>(tcp_state::syn_sent);
  out.tunnel_id = from.tunnel_id;
  out.client_port = from.client_port;
  out.server_port = from.server_port;
  out.vlan = from.vlan;
  out.client_network = from.client_network;
  out.server_network = from.server_network;
  std::memcpy(out.client_mac, from.client_mac, 6);
  std::memcpy(out.server_mac, from.server_mac, 6);
  out.protocol = IPPROTO_TCP;
  out.ip_version = from.ip_version;
  out.tunnel = from.tunnel;
  out.ttl = from.ttl;
}

} // namespace flowactors
