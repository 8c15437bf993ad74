#define CAF_SUITE capture_live
#include "tests/capture/capture_files.hpp"
#include "tests/suite.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace flowactors;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

bool set_up(const char* interface, bool up) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  bool done = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
  request.ifr_flags =
    static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  done = done && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return done;
}

/// A network of this thread's own, with lo up, until it goes out of scope.
struct own_network {
  own_network() : before(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    made = before >= 0 && unshare(CLONE_NEWNET) == 0 && set_up("lo", true);
    if (!made)
      CAF_MESSAGE("skipped: this user can't make a network namespace");
  }
  ~own_network() {
    if (made && setns(before, CLONE_NEWNET) != 0)
      std::abort(); // later tests would run on the wrong network
    close(before);
  }
  own_network(const own_network&) = delete;
  own_network& operator=(const own_network&) = delete;

  int before;
  bool made;
};

constexpr uint16_t port = 40'000;

/// Sends numbered datagrams over lo.
struct sender {
  sender() : fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~sender() { close(fd); }

  void send(uint32_t number, size_t size = 100, uint16_t to_port = port) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(to_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bytes content(std::max<size_t>(size, 4), static_cast<uint8_t>(number));
    std::memcpy(content.data(), &number, 4);
    sendto(fd, content.data(), content.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof(to));
  }

  int fd;
};

constexpr size_t headers = 14 + 20 + 8;

uint32_t number_in(const frame& f) {
  uint32_t number = UINT32_MAX;
  if (f.captured >= headers + 4)
    std::memcpy(&number, f.data + headers, 4);
  return number;
}

// Reads until `count` frames came or nothing came for two seconds.
template <class Each>
size_t read_frames(source& from, size_t count, size_t room, Each each) {
  std::vector<frame> out(room);
  size_t seen = 0;
  for (auto last = clock_type::now(); seen < count && clock_type::now() - last < 2s;) {
    const auto got = from.read(out);
    CAF_REQUIRE(got);
    CAF_REQUIRE(got.value() <= room);
    for (size_t i = 0; i < got.value(); ++i)
      each(out[i]);
    seen += got.value();
    if (got.value() != 0)
      last = clock_type::now();
  }
  return seen;
}

live_options only_ours() {
  live_options options;
  options.filter = "udp dst port " + std::to_string(port);
  options.buffer_bytes = 8u << 20;
  options.wait = 50ms;
  return options;
}

} // namespace

CAF_TEST(all datagrams come in order and none twice) {
  own_network network;
  if (!network.made)
    return;
  for (const bool immediate : {false, true})
    for (const size_t room : {1u, 16u, 1024u}) {
      auto options = only_ours();
      options.immediate = immediate;
      options.buffer_bytes = 64u << 20; // one frame at a time takes room for the longest
      auto opened = open_interface("lo", options);
      CAF_REQUIRE(opened);
      source& from = **opened;
      CAF_CHECK(from.live());
      CAF_CHECK(!from.at_end());
      CAF_CHECK_EQUAL(from.name(), "lo");
      CAF_CHECK(from.progress().total == 0u);
      const uint32_t count = immediate ? 200 : 1000;
      const sender out;
      const auto begin = std::chrono::system_clock::now();
      for (uint32_t i = 0; i < count; ++i) {
        out.send(i, 4 + i);
        out.send(i, 100, port + 1); // refused by the filter
      }
      const auto end = std::chrono::system_clock::now();
      uint32_t next = 0;
      size_t wrong = 0, total = 0;
      int64_t last = std::chrono::nanoseconds(begin.time_since_epoch()).count() - 1'000'000;
      const size_t seen = read_frames(from, count, room, [&](const frame& f) {
        wrong += number_in(f) != next || f.captured != headers + 4 + next || f.wire != f.captured
                 || f.data[f.captured - 1] != static_cast<uint8_t>(next) || f.time_ns < last
                 || f.link != link_type::ethernet;
        last = f.time_ns;
        total += f.captured;
        ++next;
      });
      CAF_CHECK_EQUAL(seen, count);
      CAF_CHECK_EQUAL(wrong, 0u);
      CAF_CHECK(last <= std::chrono::nanoseconds(end.time_since_epoch()).count() + 1'000'000);
      std::array<frame, 16> more;
      CAF_CHECK_EQUAL(taken(from, more), 0u);
      const auto counters = from.counters();
      CAF_CHECK_EQUAL(counters.handed_out, count);
      CAF_CHECK_EQUAL(counters.filtered, 0u);
      CAF_CHECK_EQUAL(counters.bytes, total);
      CAF_CHECK_EQUAL(counters.kernel_dropped, 0u);
      CAF_CHECK_EQUAL(taken(from, {}), 0u);
      CAF_CHECK(from.take_warnings().empty());
    }
}

CAF_TEST(the snap length cuts and the wire length stays) {
  own_network network;
  if (!network.made)
    return;
  auto options = only_ours();
  options.snap_length = 60;
  auto opened = open_interface("lo", options);
  CAF_REQUIRE(opened);
  const sender out;
  out.send(7, 1000);
  const size_t seen = read_frames(**opened, 1, 8, [&](const frame& f) {
    CAF_CHECK_EQUAL(f.captured, 60u);
    CAF_CHECK_EQUAL(f.wire, headers + 1000);
    CAF_CHECK_EQUAL(number_in(f), 7u);
  });
  CAF_CHECK_EQUAL(seen, 1u);
}

CAF_TEST(frames that the ring has no room for are counted) {
  own_network network;
  if (!network.made)
    return;
  auto options = only_ours();
  options.buffer_bytes = 1u << 20;
  auto opened = open_interface("lo", options);
  CAF_REQUIRE(opened);
  source& from = **opened;
  const sender out;
  constexpr uint32_t count = 3000; // of 4 KB: more than the ring holds
  for (uint32_t i = 0; i < count; ++i)
    out.send(i, 4000);
  const uint64_t early = from.counters().kernel_dropped;
  const size_t seen = read_frames(from, count, 64, [](const frame&) {});
  CAF_CHECK(seen < count);
  CAF_CHECK(early > 0u);
  CAF_CHECK(seen + from.counters().kernel_dropped == count);
  CAF_CHECK(from.counters().kernel_dropped == from.counters().kernel_dropped); // asked twice
  CAF_CHECK(from.counters().handed_out == seen);
}

CAF_TEST(the wait is bounded when nothing comes) {
  own_network network;
  if (!network.made)
    return;
  for (const auto wait : {0ms, 20ms, 200ms}) {
    auto options = only_ours();
    options.wait = wait;
    auto opened = open_interface("lo", options);
    CAF_REQUIRE(opened);
    std::array<frame, 8> out;
    const auto begin = clock_type::now();
    CAF_CHECK_EQUAL(taken(**opened, out), 0u);
    const auto took = clock_type::now() - begin;
    CAF_CHECK(took >= wait - 1ms);
    CAF_CHECK(took < wait + 2s); // a loaded machine's
    CAF_CHECK(!(*opened)->at_end());
  }
}

CAF_TEST(an interrupt from another thread ends the wait and loses nothing) {
  own_network network;
  if (!network.made)
    return;
  auto options = only_ours();
  options.wait = 100s; // the test would run out of time
  auto opened = open_interface("lo", options);
  CAF_REQUIRE(opened);
  source& from = **opened;
  std::array<frame, 8> out;
  for (int i = 0; i < 20; ++i) {
    std::thread waking{[&] { from.interrupt(); }};
    CAF_CHECK_EQUAL(taken(from, out), 0u);
    waking.join();
    CAF_CHECK(!from.at_end());
  }
  from.interrupt(); // the next one
  CAF_CHECK_EQUAL(taken(from, out), 0u);

  auto blocked = open_interface("lo", only_ours());
  CAF_REQUIRE(blocked);
  const sender sending;
  for (uint32_t i = 0; i < 100; ++i) { // while frames are pending
    sending.send(i);
    (*blocked)->interrupt();
  }
  uint32_t next = 0;
  CAF_CHECK_EQUAL(read_frames(**blocked, 100, 8,
                              [&](const frame& f) {
                                CAF_CHECK_EQUAL(number_in(f), next);
                                ++next;
                              }),
                  100u);
}

CAF_TEST(an interface that is not there is told with those that are) {
  own_network network;
  if (!network.made)
    return;
  for (const char* name : {"nothing0", "a-name-that-is-longer-than-any-interface-has"}) {
    const auto opened = open_interface(name, {});
    CAF_REQUIRE(!opened);
    CAF_MESSAGE(opened.failure().what);
    CAF_CHECK(opened.failure().code == ec::not_found);
    CAF_CHECK(says(opened.failure(), {name, "there are: lo, any"}));
  }
}

CAF_TEST(a filter for an interface that is none) {
  own_network network;
  if (!network.made)
    return;
  live_options options;
  options.filter = "prot 53";
  const auto opened = open_interface("lo", options);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.failure().code == ec::bad_setting);
  CAF_CHECK(says(opened.failure(), {"'prot 53' is not valid: "}));
}

CAF_TEST(an interface that is down says so) {
  own_network network;
  if (!network.made)
    return;
  CAF_REQUIRE(set_up("lo", false));
  const auto opened = open_interface("lo", {});
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.failure().code == ec::io_failed);
  CAF_CHECK(says(opened.failure(), {"lo", "is down", "ip link set lo up"}));
}

CAF_TEST(an interface that goes down and up again is read on) {
  own_network network;
  if (!network.made)
    return;
  auto opened = open_interface("lo", only_ours());
  CAF_REQUIRE(opened);
  source& from = **opened;
  const sender out;
  out.send(1);
  CAF_CHECK_EQUAL(read_frames(from, 1, 8, [](const frame&) {}), 1u);
  CAF_REQUIRE(set_up("lo", false));
  std::array<frame, 8> room;
  for (int i = 0; i < 3; ++i) {
    const auto got = from.read(room);
    CAF_REQUIRE(got);
    CAF_CHECK_EQUAL(got.value(), 0u);
  }
  CAF_REQUIRE(set_up("lo", true));
  out.send(2);
  CAF_CHECK_EQUAL(
    read_frames(from, 1, 8, [](const frame& f) { CAF_CHECK_EQUAL(number_in(f), 2u); }), 1u);
}

CAF_TEST(an interface that is deleted ends with its name) {
  own_network network;
  if (!network.made)
    return;
  if (std::system("ip link add flow0 type veth peer name flow1 && ip link set flow0 up") != 0) {
    CAF_MESSAGE("skipped: no veth interfaces here");
    return;
  }
  auto options = only_ours();
  options.wait = 1s;
  auto opened = open_interface("flow0", options);
  CAF_REQUIRE(opened);
  source& from = **opened;
  CAF_REQUIRE_EQUAL(std::system("ip link delete flow0"), 0);
  std::array<frame, 8> out;
  std::optional<error> fault;
  for (const auto begin = clock_type::now(); !fault && clock_type::now() - begin < 10s;)
    if (const auto got = from.read(out); !got)
      fault = got.failure();
  CAF_REQUIRE(fault.has_value());
  CAF_MESSAGE(fault->what);
  CAF_CHECK(fault->code == ec::io_failed);
  CAF_CHECK(says(*fault, "flow0"));
  CAF_CHECK(from.at_end());
  CAF_CHECK_EQUAL(taken(from, out), 0u); // told once
}

CAF_TEST(without the capability it is named) {
  std::optional<error> fault;
  bool dropped = false;
  std::thread powerless{[&] { // capabilities are a thread's own
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    dropped = syscall(SYS_capset, &header, none) == 0;
    if (auto opened = open_interface("lo", {}); !opened)
      fault = opened.failure();
  }};
  powerless.join();
  CAF_REQUIRE(dropped);
  CAF_REQUIRE(fault.has_value());
  CAF_MESSAGE(fault->what);
  CAF_CHECK(fault->code == ec::no_permission);
  CAF_CHECK(says(*fault, {"lo", "cap_net_raw", "root"}));
}
