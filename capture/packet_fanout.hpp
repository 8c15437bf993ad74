#pragma once

#include "capture/result.hpp"

#include <cstdint>
#include <string>

namespace flowactors {

/// Packet sockets on one interface among which the kernel shares out packets (packet(7),
/// PACKET_FANOUT): all packets between two IP addresses go to the same socket, whatever their
/// direction, their ports, their protocol, and whether they are fragments; up to two 802.1Q or
/// 802.1ad tags are looked through. Of a tunnel the outer addresses count: what goes through it
/// between two hosts stays together. What is not IP behind that (ARP, MPLS, PPPoE) goes to the
/// first socket.
///
/// The kernel's own PACKET_FANOUT_HASH would hash ports, too, which fragments don't have, and which
/// differ between the two directions of a VXLAN tunnel.
class packet_fanout {
public:
  /// The socket, bound and running, takes its share from here on; the first one makes the group.
  result<void> join(int socket, const std::string& interface);

private:
  uint16_t group_ = 0;
  bool made_ = false;
};

} // namespace flowactors
