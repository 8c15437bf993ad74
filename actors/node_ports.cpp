#include "actors/node_ports.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

/// A batch, and who waits for its end.
struct awaited {
  std::shared_ptr<void> done;
  std::shared_ptr<const flow_batch> batch; ///< goes first
};

std::shared_ptr<const flow_batch> await(std::shared_ptr<const flow_batch> batch,
                                        const std::shared_ptr<void>& done) {
  const auto both = std::make_shared<awaited>(awaited{done, std::move(batch)});
  return {both, both->batch.get()};
}

} // namespace

void node_ports::open(std::map<std::string, port> ports) {
  const std::lock_guard lock(mutex_);
  ports_ = std::move(ports);
}

std::optional<uint64_t> node_ports::credit_of(const std::string& context) const {
  const std::lock_guard lock(mutex_);
  const auto at = ports_.find(context);
  return at == ports_.end() ? std::nullopt : std::optional(at->second.credit);
}

bool node_ports::put(const std::string& context, std::shared_ptr<const flow_batch> batch,
                     const std::shared_ptr<void>& done) {
  const std::lock_guard lock(mutex_);
  const auto at = ports_.find(context);
  if (at == ports_.end())
    return false;
  const auto& lanes = at->second.lanes;
  const auto shards = static_cast<uint32_t>(lanes.size());
  if (shards == 1) {
    put_shard(context, 0, *lanes[0], std::move(batch), done);
    return true;
  }
  std::vector<flow_batch_writer> parts;
  for (uint32_t i = 0; i < shards; ++i)
    parts.emplace_back(0, batch->size());
  for (const auto& each : batch->entries()) {
    flow_record flow = each.flow;
    parts[shard_of(flow, shards)].add(each.kind, flow, batch->text(flow), each.now_ns);
  }
  for (uint32_t i = 0; i < shards; ++i)
    if (auto part = parts[i].finish(); part != nullptr)
      put_shard(context, i, *lanes[i], std::move(part), done);
  return true;
}

void node_ports::put_shard(const std::string& context, uint32_t shard, lane& to,
                           std::shared_ptr<const flow_batch> batch,
                           const std::shared_ptr<void>& done) {
  lane_sending sent{context, shard, other_nodes, batch->kinds(), {}, batch->kinds()};
  merge(books_, std::move(sent));
  to.put(await(std::move(batch), done));
}

void node_ports::mark(const std::string& context, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (const auto at = ports_.find(context); at != ports_.end())
    for (const auto& each : at->second.lanes)
      each->mark(now_ns);
}

void node_ports::begin(const std::string& node, const std::string& context) {
  constexpr size_t most_peers = 4096; // strangers may call themselves what they like
  const std::lock_guard lock(mutex_);
  if (peers_.size() >= most_peers && !peers_.contains({node, context}))
    peers_.erase(peers_.begin());
  peers_[{node, context}] = {node, context};
}

void node_ports::note_came(const std::string& node, const std::string& context, uint64_t events) {
  const std::lock_guard lock(mutex_);
  if (const auto at = peers_.find({node, context}); at != peers_.end())
    at->second.received += events;
}

void node_ports::note_done(const std::string& node, const std::string& context, uint64_t events) {
  const std::lock_guard lock(mutex_);
  if (const auto at = peers_.find({node, context}); at != peers_.end())
    at->second.done += events;
}

std::vector<peer_account> node_ports::peers() const {
  const std::lock_guard lock(mutex_);
  std::vector<peer_account> out;
  for (const auto& [key, each] : peers_)
    out.push_back(each);
  return out;
}

uint64_t node_ports::refuse(refusal why) {
  const std::lock_guard lock(mutex_);
  return ++refused_[static_cast<size_t>(why)];
}

std::array<uint64_t, refusal_count> node_ports::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

std::vector<lane_sending> node_ports::account() const {
  const std::lock_guard lock(mutex_);
  return books_;
}

} // namespace flowactors
