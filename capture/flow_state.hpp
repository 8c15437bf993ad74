#pragma once

#include "capture/flow.hpp"
#include "capture/index_list.hpp"

#include <cstddef>
#include <cstdint>

struct ndpi_flow_struct;

namespace flowactors {

/// How far a flow's classification has come, seen from the table.
enum class dpi_stage : uint8_t {
  none,     ///< nothing was shown to nDPI yet, or it is switched off
  deferred, ///< the first packet carried no payload; it waits for a second one
  active,   ///< nDPI holds a state
  done,     ///< decided, the state went back to the pool
};

/// All that a flow of one SYN has in its record: what a flood costs, instead of a whole record.
struct packed_flow {
  address client_address;
  address server_address;
  uint64_t id;
  int64_t time_ns;
  uint32_t bytes;
  uint32_t next_sequence;
  uint32_t tunnel_id;
  uint16_t client_port;
  uint16_t server_port;
  uint16_t vlan;
  uint16_t window;
  int16_t client_network;
  int16_t server_network;
  uint8_t client_mac[6];
  uint8_t server_mac[6];
  uint8_t window_scale;
  uint8_t flags;
  uint8_t ip_version;
  uint8_t tunnel;
  uint8_t ttl;
};

/// The first packet of a flow, kept until it is worth a DPI state: most flows of a scan or a flood
/// never have a second.
struct deferred_packet {
  static constexpr size_t capacity = 84;
  packed_flow flow; ///< of flow_state::packed
  int64_t time_ns;
  uint8_t length;
  uint8_t bytes[capacity];
};

/// What the table keeps of a flow besides its record; one cache line.
struct alignas(64) flow_state {
  static constexpr uint16_t no_bucket = UINT16_MAX;

  uint32_t hash = 0;
  uint32_t record = no_slot; ///< place of the record; no_slot while it is packed
  uint32_t generation = 0;
  uint16_t bucket = no_bucket; ///< of the timer wheel
  dpi_stage stage = dpi_stage::none;
  bool live : 1 = false;
  bool packed : 1 = false;  ///< the record is in `first`
  bool settled : 1 = false; ///< in the queue of settled flows
  bool touched : 1 = false; ///< had a packet since the queue's hand passed
  bool http : 1 = false;    ///< an HTTP/1 connection: its exchanges are read
  bool asked : 1 = false;   ///< a request was read, its response not yet
  index_links timer;
  index_links age; ///< in the queue of fresh or of settled flows; `age.next` links free slots
  union {
    ndpi_flow_struct* dpi = nullptr; ///< dpi_stage::active
    deferred_packet* first;          ///< dpi_stage::deferred
  };
  int64_t next_tick_ns = 0;  ///< when the counters of the last interval are taken next
  uint32_t hole_begin[2]{};  ///< TCP: the last gap in the sequence numbers of client and server
  uint16_t hole_length[2]{}; ///< in units that fit: gaps of more than 65535 bytes count as that
};
static_assert(sizeof(flow_state) == 64);

/// The packed form of a record whose flow has had one SYN and nothing else.
packed_flow pack_flow(const flow_record& from) noexcept;

/// Writes the record again, but for its slot and generation. `out` is zeroed.
void unpack_flow(const packed_flow& from, flow_record& out) noexcept;

} // namespace flowactors
