#include "capture/tracker.hpp"

#include "capture/classifier.hpp"
#include "capture/flow_table.hpp"
#include "capture/lifetime.hpp"
#include "capture/networks.hpp"
#include "capture/tcp.hpp"
#include "capture/timer_wheel.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace flowactors {

namespace {

constexpr size_t burst = 64;
constexpr uint64_t text_bytes_per_flow = 2048;
constexpr size_t headers_ahead = 8; // frames

// The bytes may still be where another worker has read them: in another core's cache.
void prefetch_headers(std::span<const frame> frames, size_t i, const packet_share& share) noexcept {
  constexpr size_t usual_headers = 54; // bytes, of Ethernet, IPv4 and TCP
  if (i >= frames.size() || share.gives_away(frames[i]))
    return;
  __builtin_prefetch(frames[i].data);
  __builtin_prefetch(frames[i].data + usual_headers);
}

} // namespace

struct tracker::impl {
  using age_queue = index_list<flow_state, &flow_state::age>;

  impl(const tracker_options& o, flow_table t, classifier c, networks n)
    : options(o),
      life{o.idle_after_ns, o.closed_after_ns, o.active_after_ns},
      decode(o.decoding),
      table(std::move(t)),
      classify(std::move(c)),
      local(std::move(n)) {}

  // -- the line of a packet

  void process(std::span<const frame> frames, event_handler& handler) noexcept;
  void take(packet& p, uint32_t hash, event_handler& handler) noexcept;
  bool move_clock(int64_t& time_ns, event_handler& handler) noexcept;
  bool keep_time(int64_t time_ns, int64_t& out, event_handler& handler) noexcept;
  uint32_t create(const packet& p, uint32_t hash, event_handler& handler) noexcept;
  void count(flow_record& flow, flow_state& state, const packet& p, bool from_client) noexcept;

  // -- time

  void schedule(uint32_t slot) noexcept;
  void advance(event_handler& handler) noexcept;
  void wake(uint32_t slot, event_handler& handler) noexcept;
  void update(flow_record& flow, flow_state& state, event_handler& handler) noexcept;
  void set_times(const flow_times& from) noexcept;
  void follow_interest(event_handler& handler) noexcept;

  // -- the end of a flow

  void settle(uint32_t slot) noexcept;
  void make_room(event_handler& handler) noexcept;
  void end_all(end_reason reason, event_handler& handler) noexcept;
  void end(uint32_t slot, end_reason reason, int64_t time_ns, event_handler& handler) noexcept;

  void tell(event_kind kind, flow_record& flow, int64_t time_ns, event_handler& handler) noexcept {
    if ((interest & mask_of(kind)) == 0)
      return;
    ++counters.events[static_cast<size_t>(kind)];
    handler.handle(kind, flow, time_ns);
  }

  tracker_options options;
  lifetimes life;
  decoder decode;
  flow_table table;
  classifier classify;
  networks local;
  catalog names;
  tracker_counters counters;
  std::vector<protocol_totals> protocols;
  timer_wheel wheel;
  age_queue fresh;   // half-open or of one packet, oldest first
  age_queue settled; // the others, oldest first, with a second chance for those that had a packet
  event_mask interest = 0;
  uint64_t frame_number = 0; // of the packet in work, from 1
  bool started = false;
};

// -- making one -----------------------------------------------------------------------------------

result<std::unique_ptr<tracker>> tracker::make(const tracker_options& options) {
  auto table = flow_table::make(options.max_flows);
  if (!table)
    return table.failure();
  auto texts = text_blocks::make(uint64_t{options.max_flows} * text_bytes_per_flow);
  if (!texts)
    return texts.failure();
  auto local = networks::make(options.local_networks);
  if (!local)
    return local.failure();
  auto dpi = detector::make({options.guess, options.protocols_file});
  if (!dpi)
    return dpi.failure();
  catalog names = (*dpi)->names();
  names.local_networks = options.local_networks;
  if (!options.dpi)
    dpi->reset();
  classifier classify{std::move(*dpi), std::move(*texts), options.max_tcp_packets,
                      options.max_udp_packets};
  auto data =
    std::make_unique<impl>(options, std::move(*table), std::move(classify), std::move(*local));
  data->protocols.resize(names.protocols.size());
  data->names = std::move(names);
  return std::unique_ptr<tracker>{new tracker(std::move(data))};
}

tracker::tracker(std::unique_ptr<impl> data) : impl_(std::move(data)) {}

tracker::~tracker() {
  for (uint32_t slot = 0; impl_->table.size() != 0 && slot < impl_->table.bound(); ++slot)
    if (impl_->table.state(slot).live)
      impl_->classify.abandon(impl_->table.state(slot));
}

// -- the line of a packet -------------------------------------------------------------------------

void tracker::process(std::span<const frame> frames, event_handler& handler) noexcept {
  impl_->follow_interest(handler);
  while (!frames.empty()) {
    const size_t n = std::min(frames.size(), burst);
    impl_->process(frames.first(n), handler);
    frames = frames.subspan(n);
  }
}

// Three passes, so that memory is on its way while other packets are worked on.
void tracker::impl::process(std::span<const frame> frames, event_handler& handler) noexcept {
  packet packets[burst];
  uint32_t hashes[burst];
  uint8_t places[burst];      // of the packets among the frames
  int64_t other_times[burst]; // of packets of other workers
  uint8_t others_before[burst];
  const uint64_t frames_before = counters.seen + counters.of_others;
  size_t n = 0, others = 0, undecoded_here = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    prefetch_headers(frames, i + headers_ahead, options.share);
    if (options.share.gives_away(frames[i])) {
      other_times[others++] = frames[i].time_ns;
      continue;
    }
    const bool own = frames[i].share != 0;
    const undecoded reason =
      decode.decode(frames[i], packets[n], own ? packet_share{} : options.share);
    if (reason != undecoded::none) {
      if (options.share.owns_undecoded()) {
        ++counters.undecoded[static_cast<size_t>(reason)];
        ++undecoded_here;
      }
      continue;
    }
    if (!own && !options.share.owns(packets[n])) {
      other_times[others++] = packets[n].time_ns;
      continue;
    }
    if (options.count_captured)
      packets[n].wire_length = frames[i].captured;
    places[n] = static_cast<uint8_t>(i);
    others_before[n] = static_cast<uint8_t>(others);
    hashes[n] = table.hash(packets[n]);
    table.prefetch_index(hashes[n]);
    ++n;
  }
  counters.seen += n + undecoded_here;
  counters.of_others += frames.size() - n - undecoded_here;
  counters.decoded += n;
  // So far ahead that memory has come when its turn does, and no farther than what the core can
  // wait for at a time.
  constexpr size_t flow_ahead = 14, record_ahead = 7;
  uint32_t slots[burst];
  for (size_t i = 0; i < std::min(n, flow_ahead); ++i)
    slots[i] = table.prefetch_flow(hashes[i]);
  size_t passed = 0;
  for (size_t i = 0; i < n; ++i) {
    if (i + flow_ahead < n)
      slots[i + flow_ahead] = table.prefetch_flow(hashes[i + flow_ahead]);
    if (i + record_ahead < n && slots[i + record_ahead] != no_slot)
      table.prefetch_record(slots[i + record_ahead]);
    while (passed < others_before[i])
      move_clock(other_times[passed++], handler);
    frame_number = frames_before + places[i] + 1;
    take(packets[i], hashes[i], handler);
  }
  while (passed < others)
    move_clock(other_times[passed++], handler);
}

// Packet time is now `time_ns`; false, and it becomes the time that is held, if it went back.
bool tracker::impl::move_clock(int64_t& time_ns, event_handler& handler) noexcept {
  const bool in_time =
    (time_ns >= counters.now_ns && started) || keep_time(time_ns, time_ns, handler);
  counters.now_ns = time_ns;
  if (wheel.due(time_ns))
    advance(handler);
  return in_time;
}

void tracker::impl::take(packet& p, uint32_t hash, event_handler& handler) noexcept {
  if (!move_clock(p.time_ns, handler))
    ++counters.late_packets;
  auto [slot, from_client] = table.find(hash, p);
  if (slot != no_slot) {
    table.keep(slot); // its second packet: from here on it has a record of its own
    const flow_record& flow = table.record(slot);
    end_reason ended = life.expiry(flow, p.time_ns);
    if (ended == end_reason::none && life.closed_after_ns > 0 && p.protocol == IPPROTO_TCP
        && reuses(flow, p))
      ended = flow.state == static_cast<uint8_t>(tcp_state::reset) ? end_reason::reset
                                                                   : end_reason::closed;
    if (ended != end_reason::none) {
      end(slot, ended, std::min(p.time_ns, life.deadline(flow)), handler);
      slot = no_slot;
    }
  }
  const bool known = slot != no_slot;
  if (!known) {
    slot = create(p, hash, handler);
    from_client = table.record(slot).client_port == p.source_port
                  && std::memcmp(table.record(slot).client_address, p.source.data(), 16) == 0;
  }
  flow_record& flow = table.record(slot);
  flow_state& state = table.state(slot);
  if (p.time_ns >= state.next_tick_ns)
    update(flow, state, handler);
  count(flow, state, p, from_client);
  if (p.protocol == IPPROTO_TCP && p.fragment != fragment_kind::later) {
    const bool was_over = over(flow);
    track_tcp(flow, state, p, from_client);
    if (over(flow) && !was_over) // it is woken sooner than was planned
      schedule(slot);
  }
  if (!state.settled && flow.client.packets + flow.server.packets > 1 && !half_open(flow))
    settle(slot);
  if (classifier::wants(state, p) && classify.take(flow, state, p, from_client))
    tell(event_kind::detected, flow, p.time_ns, handler);
  if (known || state.record != no_slot)
    return;
  if (state.stage == dpi_stage::deferred)
    table.pack(slot);
  else
    table.keep(slot);
}

// Packet time never goes back, but for a jump that shows another capture: then all flows end and
// the clock starts anew.
bool tracker::impl::keep_time(int64_t time_ns, int64_t& out, event_handler& handler) noexcept {
  if (!started) {
    started = true;
    counters.first_ns = time_ns;
    wheel.reset(time_ns);
    return true;
  }
  if (life.idle_after_ns > 0 && counters.now_ns - time_ns > life.idle_after_ns) {
    end_all(end_reason::clock_reset, handler);
    wheel.reset(time_ns);
    return true;
  }
  out = counters.now_ns;
  return false;
}

uint32_t tracker::impl::create(const packet& p, uint32_t hash, event_handler& handler) noexcept {
  if (table.full())
    make_room(handler);
  const uint32_t slot = table.insert(hash, classify.defers(p) && opens(p));
  flow_record& flow = table.record(slot);
  flow_state& state = table.state(slot);
  // Client is who sent the first packet; a SYN+ACK is an answer, so its receiver is.
  constexpr uint8_t answer = tcp_flag::syn | tcp_flag::ack;
  const bool turned = p.protocol == IPPROTO_TCP && (p.tcp_flags & answer) == answer;
  std::memcpy(flow.client_address, (turned ? p.destination : p.source).data(), 16);
  std::memcpy(flow.server_address, (turned ? p.source : p.destination).data(), 16);
  std::memcpy(flow.client_mac, (turned ? p.destination_mac : p.source_mac).data(), 6);
  std::memcpy(flow.server_mac, (turned ? p.source_mac : p.destination_mac).data(), 6);
  flow.client_port = turned ? p.destination_port : p.source_port;
  flow.server_port = turned ? p.source_port : p.destination_port;
  flow.vlan = p.vlan;
  flow.protocol = p.protocol;
  flow.ip_version = p.ip_version;
  flow.id = options.first_id + frame_number * options.id_step;
  flow.first_seen_ns = flow.last_seen_ns = flow.tick_ns = p.time_ns;
  flow.ttl = p.ttl;
  flow.tunnel = static_cast<uint8_t>(p.tunnel);
  flow.tunnel_id = p.tunnel_id;
  flow.icmp_type = p.icmp_type;
  flow.icmp_code = p.icmp_code;
  flow.client_network = local.find(flow.client_address);
  flow.server_network = local.find(flow.server_address);
  state.next_tick_ns = p.time_ns + options.update_every_ns;
  state.stage = classify.first_stage();
  fresh.push_back(table.states(), slot);
  schedule(slot);
  ++counters.created;
  counters.peak = std::max<uint64_t>(counters.peak, table.size());
  tell(event_kind::created, flow, p.time_ns, handler);
  return slot;
}

void tracker::impl::count(flow_record& flow, flow_state& state, const packet& p,
                          bool from_client) noexcept {
  flow_counters& side = from_client ? flow.client : flow.server;
  flow_gaps& gaps = from_client ? flow.client_gaps : flow.server_gaps;
  if (side.packets != 0) {
    const int64_t gap = p.time_ns - gaps.last_ns;
    gaps.sum_ns += gap;
    gaps.min_ns = side.packets == 1 ? gap : std::min(gaps.min_ns, gap);
    gaps.max_ns = std::max(gaps.max_ns, gap);
  }
  gaps.last_ns = p.time_ns;
  ++side.packets;
  side.bytes += p.wire_length;
  side.payload_bytes += p.payload_length;
  counters.bytes += p.wire_length;
  flow.last_seen_ns = p.time_ns;
  state.touched = true;
}

// -- time -----------------------------------------------------------------------------------------

void tracker::impl::schedule(uint32_t slot) noexcept {
  int64_t at = life.deadline(table.record(slot));
  if ((interest & mask_of(event_kind::updated)) != 0)
    at = std::min(at, table.state(slot).next_tick_ns);
  if (at == lifetimes::never)
    wheel.cancel(table.states(), slot);
  else
    wheel.schedule(table.states(), slot, at);
}

void tracker::impl::advance(event_handler& handler) noexcept {
  wheel.advance(table.states(), counters.now_ns, [&](uint32_t slot) { wake(slot, handler); });
}

void tracker::impl::wake(uint32_t slot, event_handler& handler) noexcept {
  flow_record& flow = table.record(slot);
  flow_state& state = table.state(slot);
  if (const end_reason ended = life.expiry(flow, counters.now_ns); ended != end_reason::none) {
    end(slot, ended, life.deadline(flow), handler);
    return;
  }
  if (counters.now_ns >= state.next_tick_ns) {
    table.keep(slot);
    update(table.record(slot), state, handler);
  }
  schedule(slot);
}

// An update interval is over.
void tracker::impl::update(flow_record& flow, flow_state& state, event_handler& handler) noexcept {
  roll(flow, state, counters.now_ns, options.update_every_ns);
  tell(event_kind::updated, flow, counters.now_ns, handler);
}

void tracker::impl::set_times(const flow_times& from) noexcept {
  static_cast<flow_times&>(options) = from;
  life = {from.idle_after_ns, from.closed_after_ns, from.active_after_ns};
  for (uint32_t slot = 0; slot < table.bound(); ++slot) {
    flow_state& state = table.state(slot);
    if (!state.live)
      continue;
    state.next_tick_ns = std::min(state.next_tick_ns, counters.now_ns + from.update_every_ns);
    schedule(slot);
  }
}

void tracker::impl::follow_interest(event_handler& handler) noexcept {
  const event_mask wanted = handler.interest();
  const bool updates_begin = (wanted & ~interest & mask_of(event_kind::updated)) != 0;
  interest = wanted;
  if (!updates_begin)
    return;
  for (uint32_t slot = 0; slot < table.bound(); ++slot) {
    flow_state& state = table.state(slot);
    if (!state.live)
      continue;
    if (state.next_tick_ns < counters.now_ns) // intervals that nobody watched
      state.next_tick_ns += ((counters.now_ns - state.next_tick_ns) / options.update_every_ns + 1)
                            * options.update_every_ns;
    schedule(slot);
  }
}

void tracker::advance(int64_t now_ns, event_handler& handler) noexcept {
  impl_->follow_interest(handler);
  if (!impl_->started || now_ns <= impl_->counters.now_ns)
    return;
  impl_->counters.now_ns = now_ns;
  if (impl_->wheel.due(now_ns))
    impl_->advance(handler);
}

// -- the end of a flow ----------------------------------------------------------------------------

void tracker::impl::settle(uint32_t slot) noexcept {
  fresh.remove(table.states(), slot);
  settled.push_back(table.states(), slot);
  table.state(slot).settled = true;
}

// A full table gives up half-open and single-packet flows first, oldest first: a flood evicts
// itself.
void tracker::impl::make_room(event_handler& handler) noexcept {
  if (!fresh.empty()) {
    const uint32_t slot = fresh.first();
    end(slot,
        half_open(table.record(slot)) ? end_reason::evicted_half_open : end_reason::evicted_single,
        counters.now_ns, handler);
    return;
  }
  constexpr int chances = 64;
  for (int i = 0; i < chances && table.state(settled.first()).touched; ++i) {
    const uint32_t slot = settled.first();
    table.state(slot).touched = false;
    settled.remove(table.states(), slot);
    settled.push_back(table.states(), slot);
  }
  end(settled.first(), end_reason::evicted_established, counters.now_ns, handler);
}

void tracker::impl::end(uint32_t slot, end_reason reason, int64_t time_ns,
                        event_handler& handler) noexcept {
  flow_record& flow = table.record(slot);
  flow_state& state = table.state(slot);
  classify.conclude(flow, state);
  flow.end = static_cast<uint8_t>(reason);
  tell(event_kind::ended, flow, time_ns, handler);
  ++counters.ended[static_cast<size_t>(reason)];
  const uint64_t packets = flow.client.packets + flow.server.packets;
  const uint64_t bytes = flow.client.bytes + flow.server.bytes;
  counters.packets_of_ended += packets;
  counters.bytes_of_ended += bytes;
  auto& totals = protocols[flow.app_protocol != 0 ? flow.app_protocol : flow.master_protocol];
  totals.packets += packets;
  totals.bytes += bytes;
  ++totals.flows;
  classify.forget(flow);
  wheel.cancel(table.states(), slot);
  (state.settled ? settled : fresh).remove(table.states(), slot);
  table.erase(slot);
}

// Slot by slot: the order depends on the packets alone, and memory is walked from front to back.
void tracker::impl::end_all(end_reason reason, event_handler& handler) noexcept {
  constexpr uint32_t ahead = 16;
  for (uint32_t slot = 0; slot < table.bound(); ++slot) {
    if (slot + ahead < table.bound())
      table.prefetch_index(table.state(slot + ahead).hash);
    if (table.state(slot).live)
      end(slot, reason, counters.now_ns, handler);
  }
}

void tracker::set_times(const flow_times& from) noexcept {
  impl_->set_times(from);
}

void tracker::finish(end_reason reason, event_handler& handler) noexcept {
  impl_->follow_interest(handler);
  impl_->end_all(reason, handler);
}

// -- what it has counted --------------------------------------------------------------------------

tracker_counters tracker::counters() const noexcept {
  tracker_counters out = impl_->counters;
  out.live = impl_->table.size();
  out.text_lost = impl_->classify.texts().lost();
  for (uint32_t slot = 0; out.live != 0 && slot < impl_->table.bound(); ++slot)
    if (impl_->table.state(slot).live)
      out.packets_of_live += impl_->table.packets(slot);
  return out;
}

uint64_t tracker::seen() const noexcept {
  return impl_->counters.seen;
}

int64_t tracker::now_ns() const noexcept {
  return impl_->counters.now_ns;
}

const std::vector<protocol_totals>& tracker::protocols() const noexcept {
  return impl_->protocols;
}

const catalog& tracker::names() const noexcept {
  return impl_->names;
}

const char* tracker::text_arena() const noexcept {
  return impl_->classify.texts().base();
}

} // namespace flowactors
