#include "capture/event.hpp"

namespace flowactors {

const char* to_string(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::created:
      return "created";
    case event_kind::detected:
      return "detected";
    case event_kind::updated:
      return "updated";
    case event_kind::ended:
      return "ended";
  }
  return "?";
}

} // namespace flowactors
