#pragma once

#include "capture/event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Gives the enclosed C declarations to this compiler and, as text, to LuaJIT's FFI.
#define FLOWACTORS_SCRIPT_LAYOUT(...)                        \
  extern "C" {                                               \
  __VA_ARGS__                                                \
  }                                                          \
  namespace flowactors {                                     \
  inline constexpr char script_layout_text[] = #__VA_ARGS__; \
  }

// clang-format off
FLOWACTORS_SCRIPT_LAYOUT(
/// A piece of text somewhere in memory.
typedef struct script_text {
  const char* data;
  uint64_t size;
} script_text;

/// What a VM's scripts look at. Its address is a constant in compiled traces.
typedef struct script_cursor {
  struct flow_record* flow;  /// the current flow; a zeroed record outside callbacks
  const char* text_arena;
  int64_t now_ns;            /// packet time
  int32_t live;              /// 1 during a callback, else 0
  int32_t pending;           /// 1 while written bytes wait for a flush
} script_cursor;
)
// clang-format on

namespace flowactors {

/// Where a key of flow.dump() is always there, or only for TCP.
enum class fact_scope : uint8_t { always, tcp, on_condition };

// The keys of flow.dump(), described one by one in docs/fields.md. Each list: name here, key,
// scope.
#define FLOWACTORS_FACT_NUMBERS(X)                             \
  X(client_key, "cli.key", always)                             \
  X(server_key, "srv.key", always)                             \
  X(client_port, "cli.port", always)                           \
  X(server_port, "srv.port", always)                           \
  X(vlan, "vlan", always)                                      \
  X(bytes, "bytes", always)                                    \
  X(bytes_last, "bytes.last", always)                          \
  X(payload, "goodput_bytes", always)                          \
  X(payload_last, "goodput_bytes.last", always)                \
  X(packets, "packets", always)                                \
  X(packets_last, "packets.last", always)                      \
  X(app, "proto.ndpi_id", always)                              \
  X(first_seen, "seen.first", always)                          \
  X(last_seen, "seen.last", always)                            \
  X(duration, "duration", always)                              \
  X(client_bytes, "cli2srv.bytes", always)                     \
  X(server_bytes, "srv2cli.bytes", always)                     \
  X(client_payload, "cli2srv.goodput_bytes", always)           \
  X(server_payload, "srv2cli.goodput_bytes", always)           \
  X(client_packets, "cli2srv.packets", always)                 \
  X(server_packets, "srv2cli.packets", always)                 \
  X(client_last, "cli2srv.last", always)                       \
  X(server_last, "srv2cli.last", always)                       \
  X(bytes_rate, "throughput_bps", always)                      \
  X(top_bytes_rate, "top_throughput_bps", always)              \
  X(client_bytes_rate, "throughput_cli2srv_bps", always)       \
  X(server_bytes_rate, "throughput_srv2cli_bps", always)       \
  X(packets_rate, "throughput_pps", always)                    \
  X(top_packets_rate, "top_throughput_pps", always)            \
  X(client_packets_rate, "throughput_cli2srv_pps", always)     \
  X(server_packets_rate, "throughput_srv2cli_pps", always)     \
  X(bytes_trend, "throughput_trend_bps", always)               \
  X(packets_trend, "throughput_trend_pps", always)             \
  X(status, "flow.status", always)                             \
  X(key, "ntopng.key", always)                                 \
  X(client_network, "cli.network_id", always)                  \
  X(server_network, "srv.network_id", always)                  \
  X(flow_id, "flow.id", always)                                \
  X(risk, "risk", always)                                      \
  X(risk_score, "risk.score", always)                          \
  X(client_latency, "tcp.nw_latency.client", tcp)              \
  X(server_latency, "tcp.nw_latency.server", tcp)              \
  X(response, "tcp.appl_latency", tcp)                         \
  X(client_max_rate, "tcp.max_thpt.cli2srv", tcp)              \
  X(server_max_rate, "tcp.max_thpt.srv2cli", tcp)              \
  X(client_retransmissions, "cli2srv.retransmissions", tcp)    \
  X(client_out_of_order, "cli2srv.out_of_order", tcp)          \
  X(client_lost, "cli2srv.lost", tcp)                          \
  X(server_retransmissions, "srv2cli.retransmissions", tcp)    \
  X(server_out_of_order, "srv2cli.out_of_order", tcp)          \
  X(server_lost, "srv2cli.lost", tcp)                          \
  X(client_flags, "cli2srv.tcp_flags", tcp)                    \
  X(server_flags, "srv2cli.tcp_flags", tcp)                    \
  X(tunnel_id, "tunnel.id", on_condition)                      \
  X(http_status, "protos.http.last_return_code", on_condition) \
  X(dns_query_type, "dns.query_type", on_condition)            \
  X(dns_reply_code, "dns.reply_code", on_condition)            \
  X(tls_version, "tls.version", on_condition)                  \
  X(tls_cipher, "tls.cipher", on_condition)

// Members of the sub-tables icmp, interarrival.cli2srv and interarrival.srv2cli.
#define FLOWACTORS_FACT_PARTS(X) \
  X(icmp_type)                   \
  X(icmp_code)                   \
  X(client_gap_min)              \
  X(client_gap_max)              \
  X(client_gap_avg)              \
  X(server_gap_min)              \
  X(server_gap_max)              \
  X(server_gap_avg)

#define FLOWACTORS_FACT_TEXTS(X)                                       \
  X(client_address, "cli.ip", always)                                  \
  X(server_address, "srv.ip", always)                                  \
  X(client_mac, "cli.mac", always)                                     \
  X(server_mac, "srv.mac", always)                                     \
  X(server_name, "host_server_name", on_condition)                     \
  X(bittorrent_hash, "bittorrent_hash", on_condition)                  \
  X(http_method, "protos.http.last_method", on_condition)              \
  X(http_url, "protos.http.last_url", on_condition)                    \
  X(http_user_agent, "http.user_agent", on_condition)                  \
  X(http_content_type, "http.content_type", on_condition)              \
  X(dns_query, "protos.dns.last_query", on_condition)                  \
  X(ssh_client, "protos.ssh.client_signature", on_condition)           \
  X(ssh_server, "protos.ssh.server_signature", on_condition)           \
  X(hassh_client, "hassh.client", on_condition)                        \
  X(hassh_server, "hassh.server", on_condition)                        \
  X(certificate, "protos.ssl.certificate", on_condition)               \
  X(server_certificate, "protos.ssl.server_certificate", on_condition) \
  X(tls_alpn, "tls.alpn", on_condition)                                \
  X(ja3_client, "ja3.client", on_condition)                            \
  X(ja3_server, "ja3.server", on_condition)

/// What of a flow is known or true: bits of `flow_facts::fill`'s result.
enum class fact : uint8_t {
  tcp,
  idle,
  low_goodput,
  seq_problems,
  established,
  icmp,
  server_name,
  bittorrent_hash,
  http,
  http_user_agent,
  http_content_type,
  dns,
  ssh,
  hassh_client,
  hassh_server,
  certificate,
  server_certificate,
  tls,
  tls_alpn,
  ja3_client,
  ja3_server,
  tunnel,
  ended,
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

/// Everything that flow.dump() says, in the forms that need no more thought: doubles, pieces of
/// text, indexes. Computed anew from a record for each dump; compiled scripts read it in place.
class flow_facts {
public:
  explicit flow_facts(const catalog* names);

  /// Reads the cursor's flow; gives the bits of `fact` that hold. Text stays where it is: valid as
  /// long as the record is.
  int32_t fill(const script_cursor& cursor) noexcept;

  /// What the nine getters need beyond plain members.
  bool is_http(const flow_record& flow) const noexcept { return kind_of(flow) == kind::http; }
  bool is_tls(const flow_record& flow) const noexcept { return kind_of(flow) == kind::tls; }

  /// SNI, host name, or the server's address.
  static script_text server_name(const flow_facts& facts, const script_cursor& cursor) noexcept;

  /// The path of the last request; without data if none is known.
  static script_text http_path(const flow_text& text) noexcept;

  const std::array<double, static_cast<size_t>(fact_number::count)>& numbers() const noexcept {
    return numbers_;
  }
  const std::array<script_text, static_cast<size_t>(fact_text::count)>& texts() const noexcept {
    return texts_;
  }
  const std::array<int32_t, static_cast<size_t>(fact_index::count)>& indexes() const noexcept {
    return indexes_;
  }

private:
  enum class kind : uint8_t { other, http, dns, ssh, tls };

  kind kind_of(const flow_record& flow) const noexcept;
  void fill_endpoints(flow_record& flow) noexcept;
  void fill_counters(const flow_record& flow) noexcept;
  int32_t fill_tcp(const flow_record& flow) noexcept;
  int32_t fill_text(const flow_record& flow, const flow_text& text) noexcept;
  int32_t fill_http(const flow_record& flow, const flow_text& text) noexcept;
  int32_t fill_tls(const flow_record& flow, const flow_text& text) noexcept;

  double& operator[](fact_number which) noexcept { return numbers_[static_cast<size_t>(which)]; }
  script_text& operator[](fact_text which) noexcept { return texts_[static_cast<size_t>(which)]; }
  int32_t& operator[](fact_index which) noexcept { return indexes_[static_cast<size_t>(which)]; }

  std::array<double, static_cast<size_t>(fact_number::count)> numbers_{};
  std::array<script_text, static_cast<size_t>(fact_text::count)> texts_{};
  std::array<int32_t, static_cast<size_t>(fact_index::count)> indexes_{};
  std::array<char, 34> macs_{};
  std::vector<kind> kinds_; // by protocol number
  uint64_t mismatch_risk_ = 0;
};

/// A flow's text block, or an empty one.
const flow_text& text_of(const script_cursor& cursor) noexcept;

/// Whole seconds of a time.
inline double whole_seconds(int64_t ns) noexcept {
  return static_cast<double>(ns / 1'000'000'000);
}

} // namespace flowactors
