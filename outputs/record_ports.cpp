#include "outputs/record_ports.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

void merge(std::vector<record_account>& into, const record_account& more) {
  const auto at = std::ranges::find(into, more.output, &record_account::output);
  if (at == into.end())
    return into.push_back(more);
  at->emitted += more.emitted;
  for (size_t i = 0; i < event_kind_count; ++i)
    at->flows[i] += more.flows[i];
}

record_ports::record_ports(const std::vector<std::shared_ptr<record_queue>>& queues) {
  set(queues);
}

void record_ports::set(const std::vector<std::shared_ptr<record_queue>>& queues) {
  const std::lock_guard guard(mutex_);
  auto before = std::exchange(ports_, {});
  bool emits = false;
  event_mask flows = 0;
  for (const auto& queue : queues) {
    emits = emits || queue->options().emits;
    flows = static_cast<event_mask>(flows | queue->options().flows);
    const auto at = std::ranges::find(before, queue, &port::queue);
    if (at == before.end()) {
      ports_.push_back({queue, {}, {queue->options().name, 0, {}}});
      continue;
    }
    ports_.push_back(std::move(*at));
    before.erase(at);
  }
  // Each at once: a producer never sees that there is no output while one takes another's place.
  emits_ = emits;
  flows_ = flows;
  for (auto& [queue, batch, handed] : before) {
    queue->put(batch);
    merge(former_, handed);
  }
}

bool record_ports::add(const script_record& record) {
  const std::lock_guard guard(mutex_);
  bool wanted = false;
  for (auto& [queue, batch, handed] : ports_) {
    if (!queue->options().emits)
      continue;
    wanted = true;
    ++handed.emitted;
    if (record.body.size() > queue->options().max_record) {
      queue->refuse(record_loss::too_large, 1);
      continue;
    }
    batch.add(record);
    if (batch.bytes() >= batch_bytes)
      queue->put(batch);
  }
  return wanted;
}

void record_ports::add(const flow_event& event) {
  const std::lock_guard guard(mutex_);
  for (auto& [queue, batch, handed] : ports_) {
    if ((queue->options().flows & mask_of(event.kind)) == 0)
      continue;
    ++handed.flows[static_cast<size_t>(event.kind)];
    batch.add(event);
    if (batch.bytes() >= batch_bytes)
      queue->put(batch);
  }
}

void record_ports::flush() {
  const std::lock_guard guard(mutex_);
  for (auto& [queue, batch, handed] : ports_)
    queue->put(batch);
}

std::vector<record_account> record_ports::account() const {
  const std::lock_guard guard(mutex_);
  auto out = former_;
  for (const auto& each : ports_)
    merge(out, each.handed);
  return out;
}

} // namespace flowactors
