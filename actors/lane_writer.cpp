#include "actors/lane_writer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace flowactors {

uint32_t shard_of(const flow_record& flow, uint32_t shards) noexcept {
  if (shards <= 1)
    return 0;
  uint64_t halves[2];
  std::memcpy(halves, flow.client_address, sizeof(halves));
  // The finaliser of MurmurHash3 (Austin Appleby, public domain): neighbours part.
  uint64_t x = halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15u);
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return static_cast<uint32_t>((x ^ (x >> 33)) % shards);
}

void merge(std::vector<lane_sending>& into, lane_sending more) {
  const auto at = std::ranges::find_if(into, [&](const lane_sending& x) {
    return x.context == more.context && x.shard == more.shard && x.worker == more.worker;
  });
  if (at == into.end())
    return into.push_back(std::move(more));
  add(at->emitted, more.emitted);
  add(at->collecting, more.collecting);
  add(at->put, more.put);
}

lane_writer::lane_writer(uint32_t worker, const batch_options& options,
                         std::vector<std::vector<named_lane>> lanes)
  : worker_(worker), options_(options) {
  for (auto& of_shard : lanes)
    shards_.push_back({flow_batch_writer{worker, options.events}, std::move(of_shard), {}, {}, {}});
}

void lane_writer::add(event_kind kind, flow_record& flow, const flow_text& text, int64_t now_ns) {
  shard& to = shards_[options_.nodes != nullptr ? options_.nodes->pick(flow)
                                                : shard_of(flow, options_.shards)];
  if (to.batch.size() == 0)
    to.since = clock::now();
  to.batch.add(kind, flow, text, now_ns);
  ++to.emitted[static_cast<size_t>(kind)];
  if (to.batch.full())
    send(to);
}

void lane_writer::send(shard& to) {
  const auto batch = to.batch.finish();
  if (batch == nullptr)
    return;
  flowactors::add(to.put, batch->kinds());
  for (const auto& each : to.lanes)
    each.to->put(batch);
}

void lane_writer::flush(int64_t now_ns, bool all) {
  const auto now = clock::now();
  for (auto& each : shards_) {
    if (each.batch.size() != 0 && (all || now - each.since >= options_.linger))
      send(each);
    if (each.batch.size() == 0)
      for (const auto& l : each.lanes)
        l.to->mark(now_ns);
  }
}

lane* lane_writer::choked() const {
  for (const auto& each : shards_)
    for (const auto& l : each.lanes)
      if (l.to->choked())
        return l.to.get();
  return nullptr;
}

std::vector<lane_sending> lane_writer::account() const {
  std::vector<lane_sending> out;
  for (uint32_t i = 0; i < shards_.size(); ++i)
    for (const auto& l : shards_[i].lanes)
      out.push_back(
        {l.context, i, worker_, shards_[i].emitted, shards_[i].batch.kinds(), shards_[i].put});
  return out;
}

} // namespace flowactors
