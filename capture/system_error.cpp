#include "capture/system_error.hpp"

#include <cerrno>
#include <system_error>

namespace flowactors {

error system_error(const std::string& verb, const std::string& thing, int number) {
  const std::string text =
    "can't " + verb + " " + thing + ": " + std::generic_category().message(number);
  switch (number) {
    case ENOENT:
    case ENODEV:
      return {ec::not_found, text};
    case EACCES:
    case EPERM:
      return {ec::no_permission,
              text + "; give this user the right to it, or run as one who has it"};
    case EISDIR:
    case ENXIO: // a socket
    case ENOTDIR:
      return {ec::wrong_kind, text};
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return {ec::out_of_resources, text};
    default:
      return {ec::io_failed, text};
  }
}

} // namespace flowactors
