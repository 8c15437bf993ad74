#pragma once

#include "actors/console.hpp"
#include "outputs/record_ports.hpp"

#include <memory>
#include <string>

namespace flowactors {

/// The voice of one VM: what its scripts write goes to the console that all share, what they emit
/// to the outputs, as far as there are any for it. Outlives the VM.
class speaker final : public script_output {
public:
  speaker(std::string context, std::shared_ptr<console> voice,
          std::shared_ptr<record_ports> records)
    : context_(std::move(context)), voice_(std::move(voice)), records_(std::move(records)) {}

  void write(std::string_view bytes) noexcept override { voice_->write(bytes); }
  bool takes_records() const noexcept override { return records_->takes_emits(); }
  bool emit(const emitted_record& record) noexcept override;
  void log(level severity, std::string_view script, std::string_view text) noexcept override {
    voice_->log(severity, script, text);
  }
  void fault(std::string_view script, std::string_view callback, std::string_view text,
             uint64_t count) noexcept override {
    voice_->fault(script, callback, text, count);
  }

private:
  const std::string context_;
  const std::shared_ptr<console> voice_;
  const std::shared_ptr<record_ports> records_;
};

} // namespace flowactors
