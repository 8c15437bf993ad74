#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

struct lua_State;

namespace flowactors {

struct flow_access;

// The fields of the argument `flow` of callbacks. From this one list come the accessors that LuaJIT
// compiles, their twins in C, flow.copy(), docs/scripting.md and scripts/types/flowactors.lua.
//
// Each line: name, kind, what is read, when it is known, unit or "", when it is present ("" =
// always), meaning. What is read and when it is known are expressions over `f`, the flow_record,
// that mean the same in C++ and in Lua; for `text` it is a member of flow_text, for `found` a
// function of flow_finders.hpp. A field that is not present is nil.
//
// Kinds: number; seconds (of ns); milliseconds (of us); boolean (not 0); text; found; address
// (client, server); label (the protocol's full name); risks (a list); and the lists of names:
// protocols, protocol_breeds, categories, confidences, transports, ends, tunnels, tcp_states.
// clang-format off
#define FLOWACTORS_FLOW_FIELDS(X) \
  X(id, number, f.id, true, "", "", "Number of the flow: that of the packet that began it, counted from 1. No other flow of the run has it.") \
  X(first_seen, seconds, f.first_seen_ns, true, "s since 1970", "", "Packet time of the first packet.") \
  X(last_seen, seconds, f.last_seen_ns, true, "s since 1970", "", "Packet time of the last packet.") \
  X(duration, seconds, f.last_seen_ns - f.first_seen_ns, true, "s", "", "Time from the first packet to the last.") \
  X(cli_ip, address, client, true, "", "", "Address of the client: the side that opened the flow.") \
  X(cli_port, number, f.client_port, true, "", "", "Port of the client; 0 without ports.") \
  X(srv_ip, address, server, true, "", "", "Address of the server.") \
  X(srv_port, number, f.server_port, true, "", "", "Port of the server; 0 without ports.") \
  X(cli_mac, found, find_client_mac, true, "", "", "Hardware address of the client's packets, \"AA:BB:CC:DD:EE:FF\".") \
  X(srv_mac, found, find_server_mac, true, "", "", "Hardware address of the server's packets.") \
  X(cli_local, boolean, f.client_network + 1, true, "", "", "True if the client is in one of [flows] local_networks.") \
  X(srv_local, boolean, f.server_network + 1, true, "", "", "True if the server is in one of [flows] local_networks.") \
  X(vlan, number, f.vlan, true, "", "", "VLAN tag; 0 without one.") \
  X(ip_version, number, f.ip_version, true, "", "", "4 or 6.") \
  X(ttl, number, f.ttl, true, "", "", "Time to live (hop limit) of the first packet.") \
  X(l4, transports, f.protocol, true, "", "", "IP protocol: \"TCP\", \"UDP\", \"ICMP\"; its number as text without a name.") \
  X(proto, label, f, true, "", "", "What was detected, with its carrier: \"TLS.Google\"; \"Unknown\" until then.") \
  X(app, protocols, f.app_protocol, true, "", "", "The application alone: \"Google\"; \"Unknown\" until it is detected.") \
  X(master, protocols, f.master_protocol, f.master_protocol > 0, "", "once an application inside another protocol is detected", "The protocol that carries the application: \"TLS\".") \
  X(category, categories, f.category, true, "", "", "Category of the application: \"Web\".") \
  X(breed, protocol_breeds, f.app_protocol, true, "", "", "How trustworthy the application is: \"Safe\", \"Unsafe\".") \
  X(confidence, confidences, f.confidence, true, "", "", "How the application was found: \"DPI\", \"Match by port\".") \
  X(risk, number, f.risk, true, "bits", "", "Bit n is set if risk n was found; see risks for their names.") \
  X(risks, risks, f.risk, true, "", "", "Names of the risks found.") \
  X(risk_score, number, f.risk_score, true, "", "", "Weight of all risks found; 0 without one.") \
  X(cli_packets, number, f.client.packets, true, "packets", "", "Packets from the client.") \
  X(srv_packets, number, f.server.packets, true, "packets", "", "Packets from the server.") \
  X(packets, number, f.client.packets + f.server.packets, true, "packets", "", "Packets in both directions.") \
  X(cli_bytes, number, f.client.bytes, true, "bytes", "", "Bytes on the wire from the client, link headers included.") \
  X(srv_bytes, number, f.server.bytes, true, "bytes", "", "Bytes on the wire from the server.") \
  X(bytes, number, f.client.bytes + f.server.bytes, true, "bytes", "", "Bytes on the wire in both directions.") \
  X(cli_payload, number, f.client.payload_bytes, true, "bytes", "", "Bytes above the transport header from the client.") \
  X(srv_payload, number, f.server.payload_bytes, true, "bytes", "", "Bytes above the transport header from the server.") \
  X(server_name, text, server_name, true, "", "once a name was seen", "TLS or QUIC server name, HTTP host, or the name that another dissector found.") \
  X(http_method, text, http_method, true, "", "once an HTTP request was seen", "Method of the last request: \"GET\".") \
  X(http_url, found, find_http_path, true, "", "once an HTTP request was seen", "Path and query of the last request.") \
  X(http_host, found, find_http_host, true, "", "once an HTTP request with a host was seen", "Host of the last request.") \
  X(http_user_agent, text, http_user_agent, true, "", "once a request had one", "User-Agent of the client.") \
  X(http_content_type, text, http_content_type, true, "", "once a response had one", "Content-Type of the response, without parameters.") \
  X(http_status, number, f.http_status, f.http_status > 0, "", "once an HTTP response was seen", "Status of the last response.") \
  X(dns_query, text, dns_query, true, "", "once a DNS query was seen", "Name that the last query asked for.") \
  X(dns_type, number, f.dns_query_type, f.dns_query_type > 0, "", "once a DNS query was seen", "Type of the last query: 1 = A, 28 = AAAA.") \
  X(dns_code, number, f.dns_reply_code, f.dns_query_type > 0, "", "once a DNS query was seen", "Code of the last reply: 0 = no error, 3 = no such name; 0 before a reply.") \
  X(tls_sni, text, tls_sni, true, "", "once the client named a server", "Server name that the client asked for.") \
  X(tls_version, number, f.tls_version, f.tls_version > 0, "", "once the server chose one", "Version as on the wire: 0x0303 = TLS 1.2, 0x0304 = TLS 1.3.") \
  X(tls_cipher, number, f.tls_cipher, f.tls_version > 0, "", "once the server chose one", "Number of the cipher suite that the server chose.") \
  X(tls_alpn, text, tls_alpn, true, "", "once the client offered any", "Application protocols that were offered, comma separated: \"h2,http/1.1\".") \
  X(tls_server_names, text, tls_server_names, true, "", "once a certificate was seen", "Alternative names of the server's certificate, comma separated.") \
  X(tls_issuer, text, tls_issuer, true, "", "once a certificate was seen", "Issuer of the server's certificate.") \
  X(tls_subject, text, tls_subject, true, "", "once a certificate was seen", "Subject of the server's certificate.") \
  X(ja3_client, text, ja3_client, true, "", "once a TLS client hello was seen", "JA3 fingerprint of the client, 32 hexadecimal digits.") \
  X(ja3_server, text, ja3_server, true, "", "once a TLS server hello was seen", "JA3S fingerprint of the server.") \
  X(ssh_client, text, ssh_client, true, "", "once an SSH client spoke", "Signature of the client: \"SSH-2.0-OpenSSH_9.2\".") \
  X(ssh_server, text, ssh_server, true, "", "once an SSH server spoke", "Signature of the server.") \
  X(hassh_client, text, hassh_client, true, "", "once an SSH client offered its algorithms", "HASSH fingerprint of the client.") \
  X(hassh_server, text, hassh_server, true, "", "once an SSH server offered its algorithms", "HASSH fingerprint of the server.") \
  X(bittorrent_hash, text, bittorrent_hash, true, "", "once a BitTorrent handshake was seen", "Hash of what is shared, 40 hexadecimal digits.") \
  X(icmp_type, number, f.icmp_type, (f.protocol - 1) * (f.protocol - 58) == 0, "", "ICMP", "Type of the first message.") \
  X(icmp_code, number, f.icmp_code, (f.protocol - 1) * (f.protocol - 58) == 0, "", "ICMP", "Code of the first message.") \
  X(tcp_state, tcp_states, f.state, f.protocol == 6, "", "TCP", "Where the connection stands: \"syn_sent\", \"syn_received\", \"established\", \"closing\", \"closed\", \"reset\", \"midstream\".") \
  X(established, boolean, f.established, f.protocol == 6, "", "TCP", "True once the handshake was seen whole.") \
  X(cli_flags, number, f.client_tcp.flags, f.protocol == 6, "bits", "TCP", "All flags of the client together: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.") \
  X(srv_flags, number, f.server_tcp.flags, f.protocol == 6, "bits", "TCP", "All flags of the server together.") \
  X(client_rtt, milliseconds, f.client_rtt_us, f.client_rtt_us > 0, "ms", "TCP, once the handshake was seen", "Round trip between here and the client.") \
  X(server_rtt, milliseconds, f.server_rtt_us, f.server_rtt_us > 0, "ms", "TCP, once the SYN was answered", "Round trip between here and the server.") \
  X(response_time, milliseconds, f.response_us, f.response_us > 0, "ms", "TCP, once the server answered with data", "Time from the client's request to the first data of the server.") \
  X(cli_retransmissions, number, f.client_tcp.retransmissions, f.protocol == 6, "packets", "TCP", "Packets of the client with nothing but bytes seen before.") \
  X(srv_retransmissions, number, f.server_tcp.retransmissions, f.protocol == 6, "packets", "TCP", "Packets of the server with nothing but bytes seen before.") \
  X(cli_out_of_order, number, f.client_tcp.out_of_order, f.protocol == 6, "packets", "TCP", "Packets of the client that filled a gap.") \
  X(srv_out_of_order, number, f.server_tcp.out_of_order, f.protocol == 6, "packets", "TCP", "Packets of the server that filled a gap.") \
  X(cli_lost, number, f.client_tcp.lost, f.protocol == 6, "packets", "TCP", "Packets of the client that jumped ahead.") \
  X(srv_lost, number, f.server_tcp.lost, f.protocol == 6, "packets", "TCP", "Packets of the server that jumped ahead.") \
  X(cli_zero_windows, number, f.client_tcp.zero_windows, f.protocol == 6, "", "TCP", "Times that the client's receive window closed.") \
  X(srv_zero_windows, number, f.server_tcp.zero_windows, f.protocol == 6, "", "TCP", "Times that the server's receive window closed.") \
  X(tunnel, tunnels, f.tunnel, f.tunnel > 0, "", "in a tunnel", "Innermost tunnel: \"gre\", \"vxlan\", \"gtp\", \"ipip\", \"6in4\", \"capwap\", \"tzsp\".") \
  X(tunnel_id, number, f.tunnel_id, f.tunnel > 0, "", "in a tunnel", "Key, VNI or TEID of the tunnel.") \
  X(end_reason, ends, f.end, f.end > 0, "", "in flowDelete", "Why the flow ended.") \
  X(community_id, found, find_community_id, true, "", "", "Community ID 1.0: the same text in every tool that knows it.")
// clang-format on

/// A field as the accessors, the documentation and the type definitions see it.
struct flow_field {
  const char* name;
  const char* kind;
  const char* read;  ///< Lua text
  const char* known; ///< Lua text; "true" = always
  const char* unit;
  const char* when; ///< "" = always
  const char* meaning;
};

/// All fields, in the order of the documentation.
std::span<const flow_field> flow_fields() noexcept;

/// The type of a field in LuaLS: "number", "string", "boolean" or "string[]".
const char* type_of(const flow_field& field) noexcept;

/// Adds to the table on top of the stack what chunks/fields.lua needs of the host. May raise.
void push_flow_fields(lua_State* state, flow_access& access);

} // namespace flowactors
