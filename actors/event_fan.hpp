#pragma once

#include "lua/script_vm.hpp"
#include "outputs/record_ports.hpp"

#include <array>
#include <memory>

namespace flowactors {

/// Hands each event of a capture to its scripts, and then, as a record, to the outputs that want
/// it.
class event_fan final : public event_handler {
public:
  /// Null = nobody. `text_arena`: where flow_record::text points into.
  void set_records(std::shared_ptr<record_ports> records, const char* text_arena) noexcept {
    records_ = std::move(records);
    text_arena_ = text_arena;
  }
  void set_scripts(script_vm* scripts) noexcept { scripts_ = scripts; }

  event_mask interest() const noexcept override;
  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override;

  /// Events that no VM has handled, because there was none, by kind.
  const std::array<uint64_t, event_kind_count>& unscripted() const noexcept { return unscripted_; }

private:
  script_vm* scripts_ = nullptr;
  std::shared_ptr<record_ports> records_;
  const char* text_arena_ = nullptr;
  std::array<uint64_t, event_kind_count> unscripted_{};
};

} // namespace flowactors
