#include "outputs/record_ports.hpp"

#include <utility>

namespace flowactors {

record_ports::record_ports(std::vector<std::shared_ptr<record_queue>> queues) {
  for (auto& queue : queues) {
    emits_ = emits_ || queue->options().emits;
    flows_ = static_cast<event_mask>(flows_ | queue->options().flows);
    ports_.push_back({std::move(queue), {}});
  }
}

void record_ports::add(const script_record& record) {
  const std::lock_guard guard(mutex_);
  ++account_.emitted;
  for (auto& [queue, batch] : ports_) {
    if (!queue->options().emits)
      continue;
    if (record.body.size() > queue->options().max_record) {
      queue->refuse(record_loss::too_large, 1);
      continue;
    }
    batch.add(record);
    if (batch.bytes() >= batch_bytes)
      queue->put(batch);
  }
}

void record_ports::add(const flow_event& event) {
  const std::lock_guard guard(mutex_);
  ++account_.flows[static_cast<size_t>(event.kind)];
  for (auto& [queue, batch] : ports_) {
    if ((queue->options().flows & mask_of(event.kind)) == 0)
      continue;
    batch.add(event);
    if (batch.bytes() >= batch_bytes)
      queue->put(batch);
  }
}

void record_ports::flush() {
  const std::lock_guard guard(mutex_);
  for (auto& [queue, batch] : ports_)
    queue->put(batch);
}

record_account record_ports::account() const {
  const std::lock_guard guard(mutex_);
  return account_;
}

} // namespace flowactors
