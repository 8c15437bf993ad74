#include "capture/packet_fanout.hpp"

#include "capture/system_error.hpp"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace flowactors {

namespace {

/// The program that names a packet's socket: its result modulo the number of sockets.
class share_program {
public:
  share_program() {
    // What comes in begins at its network header, without the outer tag; what goes out begins at
    // its link header, and behind a tag kernels differ in where the network header is.
    load(BPF_W, SKF_AD_OFF + SKF_AD_PKTTYPE);
    const size_t to_incoming = jump_unless(PACKET_OUTGOING);
    by_protocol(static_cast<uint32_t>(SKF_NET_OFF), 16);
    land(to_incoming);
    by_protocol(0, 2);
  }

  sock_fprog text() noexcept { return {static_cast<uint16_t>(code_.size()), code_.data()}; }

private:
  static constexpr uint32_t factor = 0x9e3779b1; // 2^32 / golden ratio

  void add(uint16_t code, uint32_t operand = 0) { code_.push_back({code, 0, 0, operand}); }
  void load(uint16_t size, uint32_t offset) {
    add(static_cast<uint16_t>(BPF_LD | size | BPF_ABS), offset);
  }
  size_t jump_unless(uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
    return code_.size() - 1;
  }
  /// The jump at `from` leads here.
  void land(size_t from) { code_[from].jf = static_cast<uint8_t>(code_.size() - from - 1); }

  // The network header is at `at`, or if a tag is next, the EtherType behind it is at `behind_tag`.
  // Each branch returns.
  void by_protocol(uint32_t at, uint32_t behind_tag) {
    load(BPF_W, SKF_AD_OFF + SKF_AD_PROTOCOL);
    by_ethertype(at);
    for (const uint32_t tag : {ETH_P_8021Q, ETH_P_8021AD}) {
      load(BPF_W, SKF_AD_OFF + SKF_AD_PROTOCOL);
      const size_t next = jump_unless(tag);
      load(BPF_H, behind_tag);
      by_ethertype(behind_tag + 2);
      add(BPF_RET | BPF_K, 0);
      land(next);
    }
    add(BPF_RET | BPF_K, 0);
  }

  // The accumulator is the EtherType.
  void by_ethertype(uint32_t at) {
    const size_t to_ipv6 = jump_unless(ETH_P_IP);
    load(BPF_W, at + 12);
    add(BPF_MISC | BPF_TAX);
    load(BPF_W, at + 16);
    finish();
    land(to_ipv6);
    const size_t to_others = jump_unless(ETH_P_IPV6);
    fold(at + 8);
    add(BPF_ST, 1);
    fold(at + 24);
    add(BPF_LDX | BPF_W | BPF_MEM, 1);
    finish();
    land(to_others);
  }

  // The 16 bytes at `at` as one word.
  void fold(uint32_t at) {
    load(BPF_W, at);
    for (uint32_t next = 4; next < 16; next += 4) {
      add(BPF_ALU | BPF_MUL | BPF_K, factor);
      add(BPF_ST, 0);
      load(BPF_W, at + next);
      add(BPF_LDX | BPF_W | BPF_MEM, 0);
      add(BPF_ALU | BPF_ADD | BPF_X);
    }
  }

  // Accumulator and index register are the addresses: the same result for both orders.
  void finish() {
    add(BPF_ST, 2);
    add(BPF_ALU | BPF_XOR | BPF_X);
    add(BPF_ALU | BPF_MUL | BPF_K, factor);
    add(BPF_ST, 3);
    add(BPF_LD | BPF_W | BPF_MEM, 2);
    add(BPF_ALU | BPF_ADD | BPF_X);
    add(BPF_LDX | BPF_W | BPF_MEM, 3);
    add(BPF_ALU | BPF_XOR | BPF_X);
    add(BPF_ALU | BPF_MUL | BPF_K, factor);
    add(BPF_ALU | BPF_RSH | BPF_K, 16);
    add(BPF_RET | BPF_A);
  }

  std::vector<sock_filter> code_;
};

bool is_loopback(int socket, const std::string& interface) noexcept {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK) != 0;
}

#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000 // Linux 5.19
#endif

} // namespace

result<void> packet_fanout::join(int socket, const std::string& interface) {
  const auto enter = [&](uint32_t flags) {
    const uint32_t type = PACKET_FANOUT_CBPF | flags | (made_ ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
    const uint32_t wanted = type << 16 | group_;
    return setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &wanted, sizeof(wanted)) == 0;
  };
  // A loopback interface shows every packet twice; an older kernel leaves it to libpcap to drop
  // one.
  const bool entered =
    (is_loopback(socket, interface) && enter(PACKET_FANOUT_FLAG_IGNORE_OUTGOING)) || enter(0);
  if (!entered)
    return system_error("share out the packets of", interface, errno);
  if (made_)
    return {};
  share_program program;
  const sock_fprog text = program.text();
  uint32_t now = 0;
  socklen_t size = sizeof(now);
  if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &text, sizeof(text)) != 0
      || getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &now, &size) != 0)
    return system_error("share out the packets of", interface, errno);
  group_ = static_cast<uint16_t>(now);
  made_ = true;
  return {};
}

} // namespace flowactors
