#include "capture/result.hpp"

namespace flowactors {

const char* to_string(ec code) noexcept {
  switch (code) {
    case ec::not_found:
      return "not_found";
    case ec::no_permission:
      return "no_permission";
    case ec::wrong_kind:
      return "wrong_kind";
    case ec::bad_format:
      return "bad_format";
    case ec::truncated:
      return "truncated";
    case ec::unsupported:
      return "unsupported";
    case ec::bad_setting:
      return "bad_setting";
    case ec::bad_script:
      return "bad_script";
    case ec::script_failed:
      return "script_failed";
    case ec::io_failed:
      return "io_failed";
    case ec::out_of_resources:
      return "out_of_resources";
    case ec::bad_library:
      return "bad_library";
  }
  return "?";
}

} // namespace flowactors
