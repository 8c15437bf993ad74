#pragma once

#include <cstddef>
#include <cstdint>

namespace flowactors {

// What of a flow is known or true: bits of what `flow_facts::fill` gives. `always` always holds.
#define FLOWACTORS_FACTS(X) \
  X(always)                 \
  X(tcp)                    \
  X(idle)                   \
  X(low_goodput)            \
  X(seq_problems)           \
  X(established)            \
  X(icmp)                   \
  X(server_name)            \
  X(bittorrent_hash)        \
  X(http)                   \
  X(http_user_agent)        \
  X(http_content_type)      \
  X(dns)                    \
  X(ssh)                    \
  X(hassh_client)           \
  X(hassh_server)           \
  X(certificate)            \
  X(server_certificate)     \
  X(tls)                    \
  X(tls_alpn)               \
  X(ja3_client)             \
  X(ja3_server)             \
  X(tunnel)                 \
  X(ended)

// The keys of flow.dump(), described one by one in docs/fields.md. Each list: name here, key, the
// fact that it depends on.
#define FLOWACTORS_FACT_NUMBERS(X)                          \
  X(client_key, "cli.key", always)                          \
  X(server_key, "srv.key", always)                          \
  X(client_port, "cli.port", always)                        \
  X(server_port, "srv.port", always)                        \
  X(vlan, "vlan", always)                                   \
  X(bytes, "bytes", always)                                 \
  X(bytes_last, "bytes.last", always)                       \
  X(payload, "goodput_bytes", always)                       \
  X(payload_last, "goodput_bytes.last", always)             \
  X(packets, "packets", always)                             \
  X(packets_last, "packets.last", always)                   \
  X(app, "proto.ndpi_id", always)                           \
  X(first_seen, "seen.first", always)                       \
  X(last_seen, "seen.last", always)                         \
  X(duration, "duration", always)                           \
  X(client_bytes, "cli2srv.bytes", always)                  \
  X(server_bytes, "srv2cli.bytes", always)                  \
  X(client_payload, "cli2srv.goodput_bytes", always)        \
  X(server_payload, "srv2cli.goodput_bytes", always)        \
  X(client_packets, "cli2srv.packets", always)              \
  X(server_packets, "srv2cli.packets", always)              \
  X(client_last, "cli2srv.last", always)                    \
  X(server_last, "srv2cli.last", always)                    \
  X(bytes_rate, "throughput_bps", always)                   \
  X(top_bytes_rate, "top_throughput_bps", always)           \
  X(client_bytes_rate, "throughput_cli2srv_bps", always)    \
  X(server_bytes_rate, "throughput_srv2cli_bps", always)    \
  X(packets_rate, "throughput_pps", always)                 \
  X(top_packets_rate, "top_throughput_pps", always)         \
  X(client_packets_rate, "throughput_cli2srv_pps", always)  \
  X(server_packets_rate, "throughput_srv2cli_pps", always)  \
  X(bytes_trend, "throughput_trend_bps", always)            \
  X(packets_trend, "throughput_trend_pps", always)          \
  X(status, "flow.status", always)                          \
  X(key, "ntopng.key", always)                              \
  X(client_network, "cli.network_id", always)               \
  X(server_network, "srv.network_id", always)               \
  X(flow_id, "flow.id", always)                             \
  X(risk, "risk", always)                                   \
  X(risk_score, "risk.score", always)                       \
  X(client_latency, "tcp.nw_latency.client", tcp)           \
  X(server_latency, "tcp.nw_latency.server", tcp)           \
  X(response, "tcp.appl_latency", tcp)                      \
  X(client_max_rate, "tcp.max_thpt.cli2srv", tcp)           \
  X(server_max_rate, "tcp.max_thpt.srv2cli", tcp)           \
  X(client_retransmissions, "cli2srv.retransmissions", tcp) \
  X(client_out_of_order, "cli2srv.out_of_order", tcp)       \
  X(client_lost, "cli2srv.lost", tcp)                       \
  X(server_retransmissions, "srv2cli.retransmissions", tcp) \
  X(server_out_of_order, "srv2cli.out_of_order", tcp)       \
  X(server_lost, "srv2cli.lost", tcp)                       \
  X(client_flags, "cli2srv.tcp_flags", tcp)                 \
  X(server_flags, "srv2cli.tcp_flags", tcp)                 \
  X(tunnel_id, "tunnel.id", tunnel)                         \
  X(http_status, "protos.http.last_return_code", http)      \
  X(dns_query_type, "dns.query_type", dns)                  \
  X(dns_reply_code, "dns.reply_code", dns)                  \
  X(tls_version, "tls.version", tls)                        \
  X(tls_cipher, "tls.cipher", tls)

// Members of the sub-tables icmp, interarrival.cli2srv and interarrival.srv2cli; and hardware
// addresses, as numbers of 48 bits below bit 48.
#define FLOWACTORS_FACT_PARTS(X) \
  X(client_mac_number)           \
  X(server_mac_number)           \
  X(icmp_type)                   \
  X(icmp_code)                   \
  X(client_gap_min)              \
  X(client_gap_max)              \
  X(client_gap_avg)              \
  X(server_gap_min)              \
  X(server_gap_max)              \
  X(server_gap_avg)

#define FLOWACTORS_FACT_TEXTS(X)                                             \
  X(client_address, "cli.ip", always)                                        \
  X(server_address, "srv.ip", always)                                        \
  X(client_mac, "cli.mac", always)                                           \
  X(server_mac, "srv.mac", always)                                           \
  X(server_name, "host_server_name", server_name)                            \
  X(bittorrent_hash, "bittorrent_hash", bittorrent_hash)                     \
  X(http_method, "protos.http.last_method", http)                            \
  X(http_url, "protos.http.last_url", http)                                  \
  X(http_user_agent, "http.user_agent", http_user_agent)                     \
  X(http_content_type, "http.content_type", http_content_type)               \
  X(dns_query, "protos.dns.last_query", dns)                                 \
  X(ssh_client, "protos.ssh.client_signature", ssh)                          \
  X(ssh_server, "protos.ssh.server_signature", ssh)                          \
  X(hassh_client, "hassh.client", hassh_client)                              \
  X(hassh_server, "hassh.server", hassh_server)                              \
  X(certificate, "protos.ssl.certificate", certificate)                      \
  X(server_certificate, "protos.ssl.server_certificate", server_certificate) \
  X(tls_alpn, "tls.alpn", tls_alpn)                                          \
  X(ja3_client, "ja3.client", ja3_client)                                    \
  X(ja3_server, "ja3.server", ja3_server)

enum class fact : uint8_t {
#define X(name) name,
  FLOWACTORS_FACTS(X)
#undef X
};

constexpr int32_t mask_of(fact bit) noexcept {
  return int32_t{1} << static_cast<int>(bit);
}

enum class fact_number : uint8_t {
#define X(name, key, scope) name,
  FLOWACTORS_FACT_NUMBERS(X)
#undef X
#define X(name) name,
    FLOWACTORS_FACT_PARTS(X)
#undef X
      count
};

enum class fact_text : uint8_t {
#define X(name, key, scope) name,
  FLOWACTORS_FACT_TEXTS(X)
#undef X
    count
};

/// Indexes into lists of names that live in the VM.
enum class fact_index : uint8_t {
  labels,
  app,
  protocol,
  detection,
  confidence,
  end,
  tunnel,
  count
};

/// A key of flow.dump() whose value is a number or a text; there when `when` holds.
struct fact_key {
  const char* id; ///< of the fact_text or fact_number
  const char* name;
  bool is_text;
  uint8_t index; ///< a fact_text or a fact_number
  fact when;
};

inline constexpr fact_key fact_keys[] = {
#define X(name, key, when) {#name, key, false, static_cast<uint8_t>(fact_number::name), fact::when},
  FLOWACTORS_FACT_NUMBERS(X)
#undef X
#define X(name, key, when) {#name, key, true, static_cast<uint8_t>(fact_text::name), fact::when},
    FLOWACTORS_FACT_TEXTS(X)
#undef X
};

} // namespace flowactors
