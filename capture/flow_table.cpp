#include "capture/flow_table.hpp"

#include "capture/pages.hpp"

#include <netinet/in.h>
#include <sys/random.h>

#include <cstring>
#include <new>
#include <utility>

namespace flowactors {

namespace {

__extension__ typedef unsigned __int128 uint128;

uint64_t load64(const uint8_t* bytes) noexcept {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Multiply and fold: the core of wyhash-like functions; seeded, so that nobody can aim at one
// bucket.
uint64_t mix(uint64_t a, uint64_t b) noexcept {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

bool same_address(const uint8_t* a, const address& b) noexcept {
  return load64(a) == load64(b.data()) && load64(a + 8) == load64(b.data() + 8);
}

const uint8_t* bytes_of(const uint8_t (&a)[16]) noexcept {
  return a;
}

const uint8_t* bytes_of(const address& a) noexcept {
  return a.data();
}

uint8_t protocol_of(const flow_record& flow) noexcept {
  return flow.protocol;
}

uint8_t protocol_of(const packed_flow&) noexcept {
  return IPPROTO_TCP;
}

enum class side_match : uint8_t { none, client, server };

// Whose packet it is, if it belongs to the flow.
template <class Flow>
side_match compare(const Flow& flow, const packet& p) noexcept {
  if (protocol_of(flow) != p.protocol || flow.vlan != p.vlan || flow.ip_version != p.ip_version)
    return side_match::none;
  const uint8_t* client = bytes_of(flow.client_address);
  const uint8_t* server = bytes_of(flow.server_address);
  if (flow.client_port == p.source_port && flow.server_port == p.destination_port
      && same_address(client, p.source) && same_address(server, p.destination))
    return side_match::client;
  if (flow.client_port == p.destination_port && flow.server_port == p.source_port
      && same_address(client, p.destination) && same_address(server, p.source))
    return side_match::server;
  return side_match::none;
}

constexpr uint32_t first_index = 1u << 14; // entries; a power of two

template <class T>
T* reserve(uint64_t count) noexcept {
  return static_cast<T*>(reserve_pages(count * sizeof(T)));
}

template <class T>
void unreserve(T* memory, uint64_t count) noexcept {
  release_pages(memory, count * sizeof(T));
}

void prefetch_lines(const void* begin, size_t lines) noexcept {
  for (size_t line = 0; line < lines; ++line)
    __builtin_prefetch(static_cast<const char*>(begin) + line * 64, 1);
}

} // namespace

result<flow_table> flow_table::make(uint32_t max_flows) {
  flow_table table;
  table.max_ = max_flows;
  table.mask_ = first_index - 1;
  table.index_ = reserve<uint64_t>(first_index);
  table.records_ = reserve<flow_record>(max_flows);
  table.states_ = reserve<flow_state>(max_flows);
  if (table.index_ == nullptr || table.records_ == nullptr || table.states_ == nullptr)
    return no_address_space(max_flows * (sizeof(flow_record) + sizeof(flow_state)), "flow table");
  if (getrandom(table.seed_.data(), sizeof(table.seed_), 0)
      != static_cast<ssize_t>(sizeof(table.seed_)))
    return error{ec::out_of_resources,
                 "the kernel gives no random numbers for the flow table's seed"};
  for (auto& part : table.seed_)
    part |= 1;
  return table;
}

flow_table::~flow_table() {
  unreserve(index_, uint64_t{mask_} + 1);
  unreserve(records_, max_);
  unreserve(states_, max_);
}

flow_table::flow_table(flow_table&& other) noexcept
  : index_(std::exchange(other.index_, nullptr)),
    records_(std::exchange(other.records_, nullptr)),
    states_(std::exchange(other.states_, nullptr)),
    mask_(other.mask_),
    max_(other.max_),
    size_(other.size_),
    high_water_(other.high_water_),
    free_(other.free_),
    records_high_water_(other.records_high_water_),
    free_record_(other.free_record_),
    seed_(other.seed_) {}

uint32_t flow_table::hash(const packet& p) const noexcept {
  const uint64_t a =
    mix(load64(p.source.data()) ^ seed_[0], load64(p.source.data() + 8) ^ seed_[1] ^ p.source_port);
  const uint64_t b = mix(load64(p.destination.data()) ^ seed_[0],
                         load64(p.destination.data() + 8) ^ seed_[1] ^ p.destination_port);
  const uint64_t rest = uint64_t{p.vlan} << 8 | p.protocol;
  return static_cast<uint32_t>(mix(a + b, seed_[2] ^ rest) >> 16);
}

void flow_table::prefetch_index(uint32_t hash) const noexcept {
  __builtin_prefetch(&index_[home(hash)]);
}

uint32_t flow_table::prefetch_flow(uint32_t hash) const noexcept {
  for (uint32_t i = home(hash);; i = (i + 1) & mask_) {
    const uint64_t entry = index_[i];
    if (entry == 0)
      return no_slot;
    if (static_cast<uint32_t>(entry >> 32) != hash)
      continue;
    const auto slot = static_cast<uint32_t>(entry) - 1;
    prefetch_lines(&states_[slot], 1);
    return slot;
  }
}

void flow_table::prefetch_record(uint32_t slot) const noexcept {
  constexpr size_t dpi_lines = 8;    // of 11: what most packets touch
  constexpr size_t record_lines = 5; // what each packet touches
  constexpr size_t deferred_lines = (sizeof(deferred_packet) + 63) / 64;
  const flow_state& state = states_[slot];
  if (state.record != no_slot)
    prefetch_lines(&records_[state.record], record_lines);
  if (state.stage == dpi_stage::active)
    prefetch_lines(state.dpi, dpi_lines);
  else if (state.stage == dpi_stage::deferred)
    prefetch_lines(state.first, deferred_lines);
}

flow_table::match flow_table::find(uint32_t hash, const packet& p) const noexcept {
  for (uint32_t i = home(hash);; i = (i + 1) & mask_) {
    const uint64_t entry = index_[i];
    if (entry == 0)
      return {no_slot, true};
    if (static_cast<uint32_t>(entry >> 32) != hash)
      continue;
    const auto slot = static_cast<uint32_t>(entry) - 1;
    const flow_state& state = states_[slot];
    const side_match side =
      state.packed ? compare(state.first->flow, p) : compare(records_[state.record], p);
    if (side != side_match::none)
      return {slot, side == side_match::client};
  }
}

uint32_t flow_table::take_record() noexcept {
  if (free_record_ == no_slot)
    return records_high_water_++; // fresh pages are zero already
  const uint32_t taken = free_record_;
  free_record_ = records_[taken].slot;
  std::memset(&records_[taken], 0, sizeof(flow_record));
  return taken;
}

// The index is at most half full, so that runs stay short. It doubles as flows come: a small one
// stays in the caches. Where memory is out it fills up further, and every flow still finds a place.
void flow_table::grow() noexcept {
  const uint64_t count = (uint64_t{mask_} + 1) * 2;
  auto* larger = reserve<uint64_t>(count);
  if (larger == nullptr)
    return;
  unreserve(index_, uint64_t{mask_} + 1);
  index_ = larger;
  mask_ = static_cast<uint32_t>(count - 1);
  for (uint32_t slot = 0; slot < high_water_; ++slot)
    if (states_[slot].live)
      enter(slot);
}

void flow_table::enter(uint32_t slot) noexcept {
  uint32_t i = home(states_[slot].hash);
  while (index_[i] != 0)
    i = (i + 1) & mask_;
  index_[i] = uint64_t{states_[slot].hash} << 32 | (slot + 1);
}

uint32_t flow_table::insert(uint32_t hash, bool passing) noexcept {
  if (size_ > mask_ / 2)
    grow();
  uint32_t slot;
  if (free_ != no_slot) {
    slot = free_;
    free_ = states_[slot].age.next;
  } else {
    slot = high_water_++;
  }
  flow_state& state = states_[slot];
  const uint32_t generation = state.generation + 1;
  new (&state) flow_state;
  state.generation = generation;
  state.hash = hash;
  state.live = true;
  if (passing) {
    passing_place_ = {};
    passing_ = slot;
  } else {
    state.record = take_record();
  }
  flow_record& flow = record(slot);
  flow.slot = slot;
  flow.generation = generation;
  enter(slot);
  ++size_;
  return slot;
}

void flow_table::pack(uint32_t slot) noexcept {
  states_[slot].first->flow = pack_flow(record(slot));
  states_[slot].packed = true;
}

void flow_table::keep(uint32_t slot) noexcept {
  flow_state& state = states_[slot];
  if (state.record != no_slot)
    return;
  const uint32_t place = take_record();
  if (passing_ == slot) {
    records_[place] = passing_place_;
    passing_ = no_slot;
  } else {
    open_packed(slot, records_[place]);
  }
  state.record = place;
  state.packed = false;
}

flow_record& flow_table::passing_record(uint32_t slot) noexcept {
  if (passing_ != slot) {
    passing_place_ = {};
    open_packed(slot, passing_place_);
    passing_ = slot;
  }
  return passing_place_;
}

void flow_table::open_packed(uint32_t slot, flow_record& out) const noexcept {
  unpack_flow(states_[slot].first->flow, out);
  out.slot = slot;
  out.generation = states_[slot].generation;
}

uint64_t flow_table::packets(uint32_t slot) const noexcept {
  const flow_state& state = states_[slot];
  if (state.record == no_slot)
    return 1;
  return records_[state.record].client.packets + records_[state.record].server.packets;
}

void flow_table::erase(uint32_t slot) noexcept {
  const uint64_t wanted = uint64_t{states_[slot].hash} << 32 | (slot + 1);
  uint32_t hole = home(states_[slot].hash);
  while (index_[hole] != wanted)
    hole = (hole + 1) & mask_;
  // Later entries of the run move up, so that no search meets a gap and no tombstone remains.
  for (uint32_t i = (hole + 1) & mask_; index_[i] != 0; i = (i + 1) & mask_) {
    const uint32_t at_home = home(static_cast<uint32_t>(index_[i] >> 32));
    if (((i - at_home) & mask_) >= ((i - hole) & mask_)) {
      index_[hole] = index_[i];
      hole = i;
    }
  }
  index_[hole] = 0;
  if (const uint32_t record = states_[slot].record; record != no_slot) {
    records_[record].slot = free_record_;
    free_record_ = record;
  }
  passing_ = no_slot;
  states_[slot].live = false;
  states_[slot].age.next = free_;
  free_ = slot;
  --size_;
}

} // namespace flowactors
