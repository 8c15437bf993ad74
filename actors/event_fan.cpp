#include "actors/event_fan.hpp"

namespace flowactors {

void event_fan::set_lanes(std::vector<std::unique_ptr<lane_writer>> lanes) {
  before_ = this->lanes();
  lanes_ = std::move(lanes);
  of_lanes_ = 0;
  for (const auto& each : lanes_)
    of_lanes_ = static_cast<event_mask>(of_lanes_ | each->options().kinds);
}

event_mask event_fan::interest() const noexcept {
  of_scripts_ = scripts_ != nullptr ? scripts_->interest() : event_mask{0};
  const event_mask records = records_ != nullptr ? records_->flows() : event_mask{0};
  return static_cast<event_mask>(of_scripts_ | records | of_lanes_);
}

void event_fan::handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept {
  if ((of_scripts_ & mask_of(kind)) != 0)
    scripts_->handle(kind, flow, now_ns);
  else
    ++unscripted_[static_cast<size_t>(kind)];
  if (records_ != nullptr && (records_->flows() & mask_of(kind)) != 0)
    records_->add(flow_event{kind, now_ns, &flow, &text_of(flow)});
  if ((of_lanes_ & mask_of(kind)) == 0)
    return;
  for (const auto& each : lanes_)
    if ((each->options().kinds & mask_of(kind)) != 0)
      each->add(kind, flow, text_of(flow), now_ns);
}

const flow_text& event_fan::text_of(const flow_record& flow) const noexcept {
  constexpr size_t text_unit = 16;
  return *reinterpret_cast<const flow_text*>(text_arena_ + size_t{flow.text} * text_unit);
}

void event_fan::flush(int64_t now_ns, bool all) {
  for (const auto& each : lanes_)
    each->flush(now_ns, all);
}

lane* event_fan::choked() const {
  for (const auto& each : lanes_)
    if (lane* full = each->choked())
      return full;
  return nullptr;
}

std::vector<lane_sending> event_fan::lanes() const {
  std::vector<lane_sending> out = before_;
  for (const auto& each : lanes_)
    for (auto& more : each->account())
      merge(out, std::move(more));
  return out;
}

} // namespace flowactors
