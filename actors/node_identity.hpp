#pragma once

#include "capture/flow.hpp"
#include "config/settings.hpp"
#include "nodes/tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace flowactors {

class catalog;

/// What all links of a process, and its listener, know of it.
struct node_identity {
  std::string name;
  uint64_t incarnation = 0; ///< another for each process that ever was
  uint64_t names = 0;       ///< see names_hash
  std::chrono::nanoseconds heartbeat = std::chrono::seconds(1);
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  std::shared_ptr<tls_keys> keys; ///< null = in the open
};

/// Another number for each process that ever was.
uint64_t own_incarnation();

/// The name of this node: that of the host if the settings have none.
std::string own_name(const settings& from);

/// Who the settings say this is, with keys that were read before.
node_identity identity_of(const settings& from, const catalog& names,
                          std::shared_ptr<tls_keys> keys);

/// The credentials that the settings name; null if they name none. The error names the file and
/// what is wrong with it.
result<std::shared_ptr<const tls_credentials>> read_credentials(const settings& from);

/// Tells the log if the certificate ends within two weeks, or that links may leave the machine
/// without one.
void warn_of_credentials(const settings& from, const tls_credentials* keys);

} // namespace flowactors
