#pragma once

#include "capture/flow.hpp"
#include "capture/index_list.hpp"
#include "capture/result.hpp"

#include <array>
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

/// All flows of a worker: open addressing over stable slots of a preallocated slab, with a hard
/// cap. Slot numbers are handed out in an order that depends on the packets alone, never on the
/// hash, which is seeded afresh in each process.
class flow_table {
public:
  /// Reserves room for `max_flows`; memory is touched as flows come.
  static result<flow_table> make(uint32_t max_flows);
  ~flow_table();
  flow_table(flow_table&& other) noexcept;
  flow_table& operator=(flow_table&&) = delete;

  /// The hash of the packet's key, the same for both directions.
  uint32_t hash(const packet& p) const noexcept;

  /// Starts to bring the index entry of that hash into the cache; later the state of the flow that
  /// it probably names (gives its slot, or no_slot); and last its record and its DPI state.
  void prefetch_index(uint32_t hash) const noexcept;
  uint32_t prefetch_flow(uint32_t hash) const noexcept;
  void prefetch_record(uint32_t slot) const noexcept;

  /// Where a packet belongs.
  struct match {
    uint32_t slot;    ///< no_slot: there is no such flow
    bool from_client; ///< meaningless without a flow
  };
  match find(uint32_t hash, const packet& p) const noexcept;

  /// A new flow under that hash, with a zeroed record. Only if not full(). A `passing` record is
  /// for the moment: before another flow's is asked for, it is either packed or kept.
  uint32_t insert(uint32_t hash, bool passing) noexcept;

  /// Writes the passing record of a flow of one SYN into `state.first`.
  void pack(uint32_t slot) noexcept;

  /// Gives the flow a record that stays, if it has none.
  void keep(uint32_t slot) noexcept;

  /// Forgets the flow; its slot will serve another, under the next generation.
  void erase(uint32_t slot) noexcept;

  /// The flow's record; a packed one is unpacked into a place that the next one takes.
  flow_record& record(uint32_t slot) noexcept {
    return states_[slot].record != no_slot ? records_[states_[slot].record] : passing_record(slot);
  }

  /// Packets that the flow has had.
  uint64_t packets(uint32_t slot) const noexcept;

  flow_state& state(uint32_t slot) noexcept { return states_[slot]; }
  const flow_state& state(uint32_t slot) const noexcept { return states_[slot]; }
  flow_state* states() noexcept { return states_; }

  uint32_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == max_ || size_ >= mask_; }
  /// Slots that were ever used are below this.
  uint32_t bound() const noexcept { return high_water_; }

private:
  flow_table() = default;
  uint32_t home(uint32_t hash) const noexcept { return hash & mask_; }
  flow_record& passing_record(uint32_t slot) noexcept;
  uint32_t take_record() noexcept;
  void grow() noexcept;
  void enter(uint32_t slot) noexcept;

  uint64_t* index_ = nullptr; // hash << 32 | slot + 1; 0 = empty
  flow_record* records_ = nullptr;
  flow_state* states_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t max_ = 0;
  uint32_t size_ = 0;
  uint32_t high_water_ = 0;
  uint32_t free_ = no_slot;
  uint32_t records_high_water_ = 0;
  uint32_t free_record_ = no_slot; // flow_record::slot links free records
  uint32_t passing_ = no_slot;     // whose record is in passing_place_
  flow_record passing_place_{};
  std::array<uint64_t, 3> seed_{};
};

} // namespace flowactors
