#pragma once

#include "capture/flow_state.hpp"
#include "capture/result.hpp"

#include <array>
#include <cstdint>

namespace flowactors {

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
  void open_packed(uint32_t slot, flow_record& out) const noexcept;
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
