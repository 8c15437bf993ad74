#pragma once

#include "capture/event.hpp"

namespace flowactors {

/// An event of a batch. The record is valid during the call that gets the batch.
struct script_event {
  flow_record* flow;
  int64_t now_ns; ///< packet time
  event_kind kind;
};

/// The same for LuaJIT's FFI, compared with it before the first script runs.
inline constexpr char script_event_text[] =
  "typedef struct script_event { struct flow_record *flow; int64_t now_ns; uint8_t kind; }"
  " script_event;";

} // namespace flowactors
