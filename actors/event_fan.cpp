#include "actors/event_fan.hpp"

namespace flowactors {

event_mask event_fan::interest() const noexcept {
  const event_mask scripts = scripts_ != nullptr ? scripts_->interest() : event_mask{0};
  return static_cast<event_mask>(scripts | (records_ != nullptr ? records_->flows() : 0));
}

void event_fan::handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept {
  if (scripts_ != nullptr)
    scripts_->handle(kind, flow, now_ns);
  else
    ++unscripted_[static_cast<size_t>(kind)];
  if (records_ == nullptr || (records_->flows() & mask_of(kind)) == 0)
    return;
  constexpr size_t text_unit = 16;
  const auto* text =
    reinterpret_cast<const flow_text*>(text_arena_ + size_t{flow.text} * text_unit);
  records_->add(flow_event{kind, now_ns, &flow, text});
}

} // namespace flowactors
