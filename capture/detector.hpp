#pragma once

#include "capture/event.hpp"
#include "capture/pool.hpp"
#include "capture/result.hpp"
#include "capture/text_blocks.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct ndpi_detection_module_struct;
struct ndpi_flow_struct;

namespace flowactors {

struct module_answers;

struct detector_options {
  bool guess = true;          ///< by port and address when nDPI gives up
  std::string protocols_file; ///< nDPI's format (ndpiReader -p), empty = none
};

/// nDPI for one capture worker: a module, and a pool of the per-flow states that it needs until a
/// flow is decided. Make several one after another on one thread (nDPI initialises globals);
/// afterwards each may have a thread of its own.
class detector {
public:
  static result<std::unique_ptr<detector>> make(const detector_options& options);
  ~detector();
  detector(const detector&) = delete;
  detector& operator=(const detector&) = delete;

  /// A blank state for a new flow, from the pool; nullptr when memory is out.
  ndpi_flow_struct* acquire() noexcept;

  /// Takes a state back.
  void release(ndpi_flow_struct* state) noexcept;

  /// What a packet has changed.
  struct outcome {
    bool news;     ///< the protocol was not known before
    bool complete; ///< nDPI needs no more packets of this flow
  };

  /// Shows nDPI a packet of the flow, from its IP header on, and writes what it says into the
  /// record. `last` = no other packet will be shown: if nothing was found, nDPI gives up and
  /// guesses.
  outcome inspect(ndpi_flow_struct& state, flow_record& flow, const uint8_t* network,
                  uint32_t captured, int64_t now_ns, bool last) noexcept;

  /// The flow ends before nDPI was done: it gives up and guesses.
  void conclude(ndpi_flow_struct& state, flow_record& flow) noexcept;

  /// Says what nDPI has found, in views that live as long as the state and until the next call:
  /// names, hashes and the like; numbers go into the record. What `before` has of an HTTP
  /// connection stays: its exchanges are newer than what nDPI remembers.
  flow_text_pieces describe(const ndpi_flow_struct& state, flow_record& flow,
                            const flow_text_pieces& before) noexcept;

  /// True if the flow's lower protocol (master, or application where there is no master) is HTTP.
  static bool speaks_http(const flow_record& flow) noexcept;

  /// Names behind the numbers (without local networks).
  const catalog& names() const noexcept { return names_; }

private:
  detector(ndpi_detection_module_struct* module, bool guess);
  void fill_names();
  void give_up(ndpi_flow_struct& state, flow_record& flow) noexcept;

  ndpi_detection_module_struct* module_;
  std::unique_ptr<module_answers> answers_;
  bool guess_;
  char hash_[40]; // in hexadecimal, while it is described
  catalog names_;
  std::vector<uint8_t> breeds_; // by protocol number
  pool<ndpi_flow_struct> states_;
};

} // namespace flowactors
