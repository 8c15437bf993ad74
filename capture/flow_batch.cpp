#include "capture/flow_batch.hpp"

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

/// More than a table has.
constexpr uint32_t slots_of_worker = 1u << 24;

} // namespace

uint64_t flow_batch::weight() const noexcept {
  return std::max<uint64_t>(entries_.size(), arena_.size() * sizeof(unit) / text_of_event);
}

const flow_text& flow_batch::text(const flow_record& flow) const noexcept {
  return *reinterpret_cast<const flow_text*>(arena_.data() + flow.text);
}

std::unique_ptr<flow_batch> flow_batch_store::take() {
  const std::lock_guard lock(mutex_);
  return count_ == 0 ? std::make_unique<flow_batch>() : std::move(spare_[--count_]);
}

void flow_batch_store::give(std::unique_ptr<flow_batch> batch) noexcept {
  batch->entries_.clear();
  batch->arena_.clear();
  batch->kinds_ = {};
  const std::lock_guard lock(mutex_);
  if (count_ < most)
    spare_[count_++] = std::move(batch);
}

/// What is left of the last unit is 0: equal events make equal batches.
void flow_batch::append(const flow_text& text) {
  const size_t start = arena_.size(), units = (text.size + sizeof(unit) - 1) / sizeof(unit);
  arena_.resize(start + units);
  auto* const to = arena_[start].bytes;
  std::memcpy(to, &text, text.size);
  std::memset(to + text.size, 0, units * sizeof(unit) - text.size);
}

flow_batch_writer::flow_batch_writer(uint32_t worker, size_t max_events)
  : first_slot_(worker * slots_of_worker), max_events_(max_events) {}

void flow_batch_writer::add(event_kind kind, flow_record& flow, const flow_text& text,
                            int64_t now_ns) {
  if (batch_ == nullptr)
    begin();
  // Written out here, once for the flow, since readers share the copy and may not write.
  format_addresses(flow);
  auto& entries = batch_->entries_;
  auto& arena = batch_->arena_;
  entries.emplace_back(flow, now_ns, kind);
  ++batch_->kinds_[static_cast<size_t>(kind)];
  flow_record& copy = entries.back().flow;
  copy.slot += first_slot_;
  if (flow.text == 0)
    return;
  copy.text = static_cast<uint32_t>(arena.size());
  batch_->append(text);
  texts_ = arena.size();
}

std::shared_ptr<const flow_batch> flow_batch_writer::finish() {
  if (batch_ == nullptr)
    return nullptr;
  return std::shared_ptr<flow_batch>(batch_.release(), [store = store_](flow_batch* read) {
    store->give(std::unique_ptr<flow_batch>(read));
  });
}

void flow_batch_writer::begin() {
  batch_ = store_->take();
  batch_->entries_.reserve(max_events_);
  batch_->arena_.reserve(texts_);
  flow_text none{};
  none.size = sizeof(none);
  batch_->append(none); // block number 0
}

} // namespace flowactors
