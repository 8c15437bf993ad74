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

/// The first packet of a flow, kept until it is worth a DPI state: most flows of a scan or a flood
/// never have a second.
struct deferred_packet {
  static constexpr size_t capacity = 84;
  int64_t time_ns;
  uint32_t length;
  uint8_t bytes[capacity];
};

/// What the table keeps of a flow besides its record; one cache line.
struct alignas(64) flow_state {
  uint32_t hash = 0;
  uint32_t bucket = no_slot; ///< of the timer wheel; no_slot = not in it
  index_links timer;
  index_links age; ///< in the queue of fresh or of settled flows; `age.next` links free slots
  union {
    ndpi_flow_struct* dpi = nullptr; ///< dpi_stage::active
    deferred_packet* first;          ///< dpi_stage::deferred
  };
  int64_t next_tick_ns = 0;  ///< when the counters of the last interval are taken next
  uint32_t hole_begin[2]{};  ///< TCP: the last gap in the sequence numbers of client and server
  uint16_t hole_length[2]{}; ///< in units that fit: gaps of more than 65535 bytes count as that
  dpi_stage stage = dpi_stage::none;
  bool settled = false; ///< in the queue of settled flows
  bool touched = false; ///< had a packet since the queue's hand passed
  bool live = false;
  bool http = false;  ///< an HTTP/1 connection: its exchanges are read
  bool asked = false; ///< a request was read, its response not yet
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

  /// Starts to bring the index entry of that hash into the cache; later the flow that it names.
  void prefetch_index(uint32_t hash) const noexcept;
  /// Gives the flow that it probably is, or no_slot.
  uint32_t prefetch_flow(uint32_t hash) const noexcept;
  /// And last, when the flow itself has come, its DPI state.
  void prefetch_dpi(uint32_t slot) const noexcept;

  /// Where a packet belongs.
  struct match {
    uint32_t slot;    ///< no_slot: there is no such flow
    bool from_client; ///< meaningless without a flow
  };
  match find(uint32_t hash, const packet& p) const noexcept;

  /// A zeroed record under that hash. Only if not full().
  uint32_t insert(uint32_t hash) noexcept;

  /// Forgets the flow; its slot will serve another, under the next generation.
  void erase(uint32_t slot) noexcept;

  flow_record& record(uint32_t slot) noexcept { return records_[slot]; }
  const flow_record& record(uint32_t slot) const noexcept { return records_[slot]; }
  flow_state& state(uint32_t slot) noexcept { return states_[slot]; }
  const flow_state& state(uint32_t slot) const noexcept { return states_[slot]; }
  flow_state* states() noexcept { return states_; }

  uint32_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == max_; }
  /// Slots that were ever used are below this.
  uint32_t bound() const noexcept { return high_water_; }

private:
  flow_table() = default;
  uint32_t home(uint32_t hash) const noexcept { return hash & mask_; }

  uint64_t* index_ = nullptr; // hash << 32 | slot + 1; 0 = empty
  flow_record* records_ = nullptr;
  flow_state* states_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t max_ = 0;
  uint32_t size_ = 0;
  uint32_t high_water_ = 0;
  uint32_t free_ = no_slot;
  std::array<uint64_t, 3> seed_{};
};

} // namespace flowactors
