#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowactors {

/// Names that a record may have itself, so that whoever puts something around it leaves them alone.
inline constexpr std::array<const char*, 5> emission_keys{"timestamp", "event_type", "flow_id",
                                                          "context", "script"};

/// What a script has emitted.
struct emitted_record {
  std::string_view script; ///< file name
  std::string_view body;   ///< JSON, an object or an array, without newlines
  int64_t now_ns;          ///< packet time
  uint64_t flow_id;        ///< of the flow whose callback runs; 0 = none
  uint8_t own_keys;        ///< bit n = the object has emission_keys[n]
};

/// Where scripts' words go. Called in the thread that runs the VM; what is passed is valid during
/// the call only.
class script_output {
public:
  virtual ~script_output() = default;

  /// What `io.write` wrote, in order, collected until the VM is flushed or its buffer is full.
  virtual void write(std::string_view bytes) noexcept = 0;

  /// Whether `emit` goes its own way; if not, its records are lines of what is written.
  virtual bool takes_records() const noexcept { return false; }
  /// False if nobody took it: it is to be a line after all.
  virtual bool emit(const emitted_record&) noexcept { return false; }

  /// A line for the log: from `print`, `ntop.syslog` and the like.
  enum class level : uint8_t { debug, info, warning, error };
  virtual void log(level severity, std::string_view script, std::string_view text) noexcept = 0;

  /// A callback raised an error. Told for the first one of a kind (script, callback, message) and
  /// then at most once a minute of wall time; `count` = how many there were since the last telling,
  /// this one included. `text` = message and traceback.
  virtual void fault(std::string_view script, std::string_view callback, std::string_view text,
                     uint64_t count) noexcept = 0;
};

} // namespace flowactors
