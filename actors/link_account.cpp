#include "actors/link_account.hpp"

#include <algorithm>

namespace flowactors {

void merge(std::vector<link_account>& into, const link_account& more) {
  const auto at = std::ranges::find(into, more.at, &link_account::at);
  if (at == into.end()) {
    into.push_back(more);
    return;
  }
  if (!more.node.empty())
    at->node = more.node;
  at->state = more.state;
  at->trouble = more.trouble;
  at->connections += more.connections;
  at->batches += more.batches;
  at->resent += more.resent;
  at->sent = more.sent;
  at->done = more.done;
  at->bytes += more.bytes;
  at->trips.add(more.trips);
}

} // namespace flowactors
