#pragma once

#include "config/endpoint.hpp"

#include <chrono>

namespace flowactors {

/// Connects within the time (the resolver's comes on top); gives the descriptor, not blocking. Not
/// for a thread that others wait for.
result<int> dial(const endpoint& to, std::chrono::milliseconds at_most);

/// Listens there and nowhere else; gives the descriptor, not blocking.
result<int> listen_on(const endpoint& at);

} // namespace flowactors
