#pragma once

#include "actors/lane_writer.hpp"
#include "lua/script_vm.hpp"
#include "outputs/record_ports.hpp"

#include <array>
#include <memory>
#include <vector>

namespace flowactors {

/// Hands each event of a capture to its scripts, then, as a record, to the outputs that want it,
/// and a copy to the lanes of the contexts that do.
class event_fan final : public event_handler {
public:
  /// `text_arena`: where flow_record::text points into.
  void attach(const char* text_arena) noexcept { text_arena_ = text_arena; }

  /// Null = nobody.
  void set_records(std::shared_ptr<record_ports> records) noexcept {
    records_ = std::move(records);
  }

  /// In place of those that were there, which have been flushed.
  void set_lanes(std::vector<std::unique_ptr<lane_writer>> lanes);
  void set_scripts(script_vm* scripts) noexcept {
    scripts_ = scripts;
    of_scripts_ = scripts_ != nullptr ? scripts_->interest() : event_mask{0};
  }

  event_mask interest() const noexcept override;
  void handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept override;

  /// Sends batches that have waited long enough, or all.
  void flush(int64_t now_ns, bool all);

  /// The first lane that has no credit and is to be waited for, or null.
  lane* choked() const;

  /// What was done for lanes.
  std::vector<lane_sending> lanes() const;

  /// Events that no VM has handled, because none wanted them, by kind.
  const std::array<uint64_t, event_kind_count>& unscripted() const noexcept { return unscripted_; }

private:
  const flow_text& text_of(const flow_record& flow) const noexcept;

  script_vm* scripts_ = nullptr;
  mutable event_mask of_scripts_ = 0; ///< as of the last time that the capture has asked
  std::shared_ptr<record_ports> records_;
  std::vector<std::unique_ptr<lane_writer>> lanes_;
  event_mask of_lanes_ = 0;
  std::vector<lane_sending> before_; ///< what was done for lanes with other writers
  const char* text_arena_ = nullptr;
  std::array<uint64_t, event_kind_count> unscripted_{};
};

} // namespace flowactors
