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
  entries.push_back({flow, now_ns, kind});
  ++batch_->kinds_[static_cast<size_t>(kind)];
  flow_record& copy = entries.back().flow;
  copy.slot += first_slot_;
  if (flow.text == 0)
    return;
  copy.text = static_cast<uint32_t>(arena.size());
  arena.resize(arena.size()
               + (text.size + sizeof(flow_batch::unit) - 1) / sizeof(flow_batch::unit));
  std::memcpy(arena.data() + copy.text, &text, text.size);
  texts_ = arena.size();
}

void flow_batch_writer::begin() {
  batch_ = std::make_shared<flow_batch>();
  batch_->entries_.reserve(max_events_);
  // Block number 0: a flow_text without any text.
  constexpr size_t units =
    (sizeof(flow_text) + sizeof(flow_batch::unit) - 1) / sizeof(flow_batch::unit);
  batch_->arena_.reserve(std::max(units, texts_));
  batch_->arena_.resize(units);
}

} // namespace flowactors
