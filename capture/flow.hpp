#pragma once

#include "capture/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Gives the enclosed C declarations to this compiler and, as text, to LuaJIT's FFI, so that both
/// see one layout.
#define FLOWACTORS_C_LAYOUT(...)                           \
  extern "C" {                                             \
  __VA_ARGS__                                              \
  }                                                        \
  namespace flowactors {                                   \
  inline constexpr char flow_layout_text[] = #__VA_ARGS__; \
  }

// clang-format off
FLOWACTORS_C_LAYOUT(
/// A piece of a text block: bytes at `block + offset`; length 0 = not known.
typedef struct flow_text_span {
  uint16_t offset;
  uint16_t length;
} flow_text_span;

/// Head of a flow's text block. The bytes follow it; the whole block is `size` bytes and can be copied as one.
typedef struct flow_text {
  uint32_t size;
  flow_text_span server_name;        /// TLS/QUIC SNI, HTTP Host, or the name another dissector found
  flow_text_span http_method;
  flow_text_span http_url;           /// of the last request, as in the request line
  flow_text_span http_user_agent;
  flow_text_span http_content_type;  /// of the response, without parameters
  flow_text_span dns_query;          /// the last one
  flow_text_span tls_sni;            /// client side
  flow_text_span tls_server_names;   /// subject alternative names, comma separated
  flow_text_span tls_issuer;
  flow_text_span tls_subject;
  flow_text_span tls_alpn;
  flow_text_span tls_versions;       /// versions that the client offers
  flow_text_span ja3_client;
  flow_text_span ja3_server;
  flow_text_span ssh_client;         /// signature
  flow_text_span ssh_server;
  flow_text_span hassh_client;
  flow_text_span hassh_server;
  flow_text_span bittorrent_hash;    /// 40 hexadecimal digits
  uint64_t writer;                   /// a number by chance of the text_blocks that wrote it, and
  uint64_t number;                   /// one that no other block of the writer has, from 1 on; 0 = nobody's
} flow_text;

/// What one direction has carried.
typedef struct flow_counters {
  uint64_t packets;
  uint64_t bytes;         /// on the wire, link headers included
  uint64_t payload_bytes; /// above the transport header
} flow_counters;

/// What one direction of a TCP connection has shown.
typedef struct flow_tcp {
  uint32_t next_sequence;   /// one past the highest sequence number seen
  uint32_t retransmissions; /// packets that carried only bytes seen before
  uint32_t out_of_order;    /// packets that filled a gap
  uint32_t lost;            /// packets that jumped ahead
  uint32_t zero_windows;    /// times that a window of 0 was advertised after another
  uint16_t window;          /// last one, not scaled
  uint8_t window_scale;     /// shift count
  uint8_t flags;            /// OR of all flags seen (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32)
} flow_tcp;

/// Gaps between packets of one direction, in nanoseconds.
typedef struct flow_gaps {
  int64_t last_ns;  /// time of the last packet
  int64_t sum_ns;
  int64_t min_ns;   /// meaningless with fewer than two packets
  int64_t max_ns;
} flow_gaps;

/// A flow: what scripts, contexts and outputs see. Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
typedef struct flow_record {
  uint8_t client_address[16];
  uint8_t server_address[16];
  uint16_t client_port;
  uint16_t server_port;
  uint16_t vlan;
  uint8_t protocol;        /// IP protocol number
  uint8_t ip_version;
  uint64_t id;             /// number of the frame that began it: unique in a run (docs/outputs.md)
  int64_t first_seen_ns;   /// packet time since the epoch
  int64_t last_seen_ns;

  flow_counters client;    /// client to server
  flow_counters server;    /// server to client
  uint16_t master_protocol; /// nDPI numbers; 0 = unknown
  uint16_t app_protocol;
  uint8_t category;
  uint8_t breed;
  uint8_t confidence;      /// index into catalog::confidences
  uint8_t detection;       /// detection_state
  uint64_t risk;           /// bit n = nDPI risk n

  flow_tcp client_tcp;
  flow_tcp server_tcp;
  uint32_t slot;           /// place in the table
  uint32_t generation;     /// grows each time the slot is given to another flow
  uint32_t text;           /// text block, in units of 16 bytes from the arena; 0 = an empty block
  uint16_t risk_score;
  uint8_t state;           /// tcp_state
  uint8_t end;             /// end_reason; 0 while the flow lives

  int64_t syn_ns;          /// time of the first SYN; 0 = not seen
  int64_t syn_ack_ns;
  int64_t handshake_ns;    /// time of the ACK that completed the handshake
  int64_t request_ns;      /// last client payload before the first of the server
  uint32_t client_rtt_us;  /// SYN+ACK to ACK; 0 = not known
  uint32_t server_rtt_us;  /// SYN to SYN+ACK
  uint32_t response_us;    /// last client payload before the first server payload to that payload
  uint16_t http_status;
  uint8_t last_tcp_flags;
  uint8_t established;     /// 1 once the three-way handshake was seen whole
  flow_gaps client_gaps;
  flow_gaps server_gaps;

  uint8_t client_mac[6];
  uint8_t server_mac[6];
  uint8_t tunnel;          /// tunnel_kind
  uint8_t ttl;             /// of the first packet
  uint8_t icmp_type;
  uint8_t icmp_code;
  uint32_t tunnel_id;
  int16_t client_network;  /// index of the local network; -1 = remote
  int16_t server_network;
  uint16_t dns_query_type;
  uint16_t dns_reply_code;
  uint16_t tls_version;    /// as on the wire (0x0303 = TLS 1.2); 0 = not known
  uint16_t tls_cipher;     /// chosen by the server

  int64_t tick_ns;         /// when the counters below were taken; 0 = never
  flow_counters client_tick; /// totals at the last update interval
  flow_counters server_tick;
  float client_bytes_per_s;  /// over the last interval
  float server_bytes_per_s;
  float client_packets_per_s;
  float server_packets_per_s;
  float top_bytes_per_s;
  float top_packets_per_s;
  uint8_t bytes_trend;     /// 0 unknown, 1 up, 2 down, 3 stable
  uint8_t packets_trend;
  uint8_t client_text_length; /// 0 = address not written out yet
  uint8_t server_text_length;
  char client_text[46];    /// the client's address as text (RFC 5952)
  char server_text[46];
} flow_record;
)
// clang-format on

namespace flowactors {

/// Version of the layout above; the hash of its text goes with it where records leave the process.
inline constexpr uint32_t flow_layout_version = 2;

/// How far classification has come.
enum class detection_state : uint8_t {
  undecided, ///< nDPI wants more packets
  detected,  ///< nDPI is done
  gave_up,   ///< nDPI gave up, nothing could be guessed
  guessed,   ///< from port or address, after nDPI gave up
};

/// Where a TCP connection stands.
enum class tcp_state : uint8_t {
  none,
  syn_sent,
  syn_received,
  established,
  closing,
  closed,
  reset,
  midstream
};

/// Why a flow ended. X-macro: name, sentence.
#define FLOWACTORS_END_REASONS(X)                                                                \
  X(idle, "no packet within the idle timeout")                                                   \
  X(active, "older than the active timeout; the next packet begins another flow")                \
  X(closed, "TCP: FIN seen in both directions, and the closed timeout passed or a new SYN came") \
  X(reset, "TCP: RST seen, and the closed timeout passed or a new SYN came")                     \
  X(evicted_half_open, "the table was full; the TCP handshake was not complete")                 \
  X(evicted_single, "the table was full; the flow had one packet")                               \
  X(evicted_established, "the table was full, and nothing lesser was left to evict")             \
  X(clock_reset, "packet time went back by more than the idle timeout: another capture began")   \
  X(end_of_input, "the last packet was read")                                                    \
  X(shutdown, "the program was told to stop")

enum class end_reason : uint8_t {
  none,
#define X(name, text) name,
  FLOWACTORS_END_REASONS(X)
#undef X
};

inline constexpr size_t end_reason_count = 1
#define X(name, text) +1
  FLOWACTORS_END_REASONS(X)
#undef X
  ;

/// The reason's name in reports and scripts ("idle").
const char* to_string(end_reason reason) noexcept;

/// The address as text (RFC 5952; IPv4 dotted) at `out`, not terminated; its length, at most 45.
size_t format_address(const uint8_t (&bytes)[16], uint8_t ip_version, char* out) noexcept;

/// Writes client_text and server_text if that was not done yet.
void format_addresses(flow_record& flow) noexcept;

/// Community ID 1.0 of the flow (https://github.com/corelight/community-id-spec), "1:" and 28
/// characters.
std::string community_id(const flow_record& flow, uint16_t seed);

/// The seconds between the first packet and the last.
inline double duration_s(const flow_record& flow) noexcept {
  return static_cast<double>(flow.last_seen_ns - flow.first_seen_ns) / 1e9;
}

/// The piece of a text block.
inline std::string_view view(const flow_text& block, const flow_text_span& span) noexcept {
  return {reinterpret_cast<const char*>(&block) + span.offset, span.length};
}

} // namespace flowactors
