#pragma once

#include "actors/messages.hpp"

namespace flowactors {

/// CAF as flowactors uses it: its own message types, no configuration file, few threads that sleep
/// when there is nothing to do.
class system_config : public caf::actor_system_config {
public:
  /// `network`: with the middleman, and so a thread for connections.
  explicit system_config(bool network = false);
};

} // namespace flowactors
