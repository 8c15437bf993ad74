#define CAF_SUITE lua_helper_prefix_set
#include "lua/helpers/prefix_set.hpp"
#include "tests/lua/helper_fixture.hpp"
#include "tests/suite.hpp"

#include <memory>
#include <random>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string text(const ip_prefix& network) {
  char out[prefix_text_size];
  return {out, write_prefix(network, out)};
}

/// A network as it is read and written again.
std::string again(std::string_view cidr) {
  ip_prefix network;
  return read_prefix(cidr, network) ? text(network) : "refused";
}

bool add(prefix_set& aut, std::string_view cidr, std::string_view label = {}) {
  ip_prefix network;
  CAF_REQUIRE(read_prefix(cidr, network));
  return aut.add(network, label.empty() ? scalar{} : text_scalar(label));
}

std::string match(const prefix_set& aut, std::string_view ip) {
  ip_prefix address;
  CAF_REQUIRE(read_address(ip, address));
  const uint32_t found = aut.match(address);
  if (found == aut.none)
    return "-";
  const scalar label = aut.label(found);
  return label.kind == scalar_kind::none ? text(aut.network(found)) : std::string{label.bytes};
}

ip_prefix random_network(std::mt19937_64& random, bool is_ipv6) {
  ip_prefix out{random(), is_ipv6 ? random() : 0, 0, is_ipv6};
  // Few different bytes, so that networks nest.
  out.high &= 0x0303000300000001;
  if (!is_ipv6)
    out.high &= 0xffffffff00000000;
  const auto length = static_cast<unsigned>(random() % (is_ipv6 ? 129 : 33));
  return out.cut(length);
}

} // namespace

CAF_TEST(networks are read as they are written) {
  CAF_CHECK_EQUAL(again("10.0.0.0/8"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(again("10.1.2.3/8"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(again("10.1.2.3"), "10.1.2.3/32");
  CAF_CHECK_EQUAL(again("255.255.255.255/0"), "0.0.0.0/0");
  CAF_CHECK_EQUAL(again("2001:db8:ffff::/32"), "2001:db8::/32");
  CAF_CHECK_EQUAL(again("2001:db8::1:2:3/65"), "2001:db8::/65");
  CAF_CHECK_EQUAL(again("fe80::1"), "fe80::1/128");
  CAF_CHECK_EQUAL(again("::/0"), "::/0");
  CAF_CHECK_EQUAL(again("::ffff:10.1.0.0/112"), "10.1.0.0/16");
  for (const char* wrong :
       {"", "10", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "256.0.0.1",
        "10.0.0.01", "1.2.3.4.5", "::/129", "::ffff:1.2.3.4/95", "fe80::1%eth0", "example.org",
        "10.0.0.0 /8", "1::2::3", "1000.1.1.1"})
    CAF_CHECK_EQUAL(again(wrong), "refused");
}

CAF_TEST(the smallest network around an address is found) {
  helper_memory memory;
  prefix_set aut{memory};
  CAF_CHECK_EQUAL(match(aut, "10.1.2.3"), "-");
  add(aut, "10.0.0.0/8");
  add(aut, "10.1.0.0/16", "lab");
  add(aut, "10.1.2.3");
  add(aut, "2001:db8::/32", "doc");
  CAF_CHECK_EQUAL(aut.size(), 4u);
  CAF_CHECK_EQUAL(match(aut, "10.1.2.3"), "10.1.2.3/32");
  CAF_CHECK_EQUAL(match(aut, "10.1.2.4"), "lab");
  CAF_CHECK_EQUAL(match(aut, "10.2.0.0"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(match(aut, "11.0.0.0"), "-");
  CAF_CHECK_EQUAL(match(aut, "::ffff:10.1.9.9"), "lab");
  CAF_CHECK_EQUAL(match(aut, "2001:db8::1"), "doc");
  CAF_CHECK_EQUAL(match(aut, "2001:db9::1"), "-");
  add(aut, "0.0.0.0/0", "all");
  CAF_CHECK_EQUAL(match(aut, "11.0.0.0"), "all");
  CAF_CHECK_EQUAL(match(aut, "2001:db9::1"), "-");
  add(aut, "10.1.0.0/16", "renamed");
  CAF_CHECK_EQUAL(aut.size(), 5u);
  CAF_CHECK_EQUAL(match(aut, "10.1.2.4"), "renamed");
}

CAF_TEST(random networks match as in a list of them) {
  std::mt19937_64 random{5};
  for (const bool is_ipv6 : {false, true}) {
    helper_memory memory;
    prefix_set aut{memory};
    std::vector<ip_prefix> all;
    for (int step = 0; step < 3000; ++step) {
      const ip_prefix network = random_network(random, is_ipv6);
      const auto place = std::find(all.begin(), all.end(), network);
      if (random() % 4 == 0) {
        CAF_REQUIRE_EQUAL(aut.remove(network), place != all.end());
        if (place != all.end())
          all.erase(place);
      } else {
        CAF_REQUIRE(aut.add(network, {}));
        if (place == all.end())
          all.push_back(network);
      }
      CAF_REQUIRE_EQUAL(size_t{aut.size()}, all.size());
      ip_prefix address = random_network(random, is_ipv6);
      address.length = address.longest();
      int longest = -1;
      for (const auto& each : all)
        if (each.covers(address))
          longest = std::max<int>(longest, each.length);
      const uint32_t found = aut.match(address);
      CAF_REQUIRE_EQUAL(found == aut.none ? -1 : int{aut.network(found).length}, longest);
      CAF_REQUIRE(found == aut.none || aut.network(found).covers(address));
    }
  }
}

CAF_TEST(a hundred thousand networks fit and are found) {
  helper_memory memory;
  prefix_set aut{memory};
  std::mt19937_64 random{9};
  std::vector<ip_prefix> all;
  for (int i = 0; i < 100'000; ++i) {
    ip_prefix network{random() & 0xffffffff00000000, 0, 0, false};
    network = network.cut(24);
    all.push_back(network);
    CAF_REQUIRE(aut.add(network, text_scalar(i % 2 == 0 ? "even" : "odd")));
  }
  for (const auto& network : all) {
    ip_prefix address = network;
    address.high |= 0x77ull << 32;
    address.length = 32;
    const uint32_t found = aut.match(address);
    CAF_REQUIRE(aut.network(found) == network);
  }
  CAF_CHECK_LESS(memory.used, 12u << 20);
}

CAF_TEST(networks are saved and restored) {
  helper_memory memory;
  prefix_set aut{memory}, same{memory};
  add(aut, "10.0.0.0/8");
  add(aut, "10.1.0.0/16", "lab");
  add(aut, "2001:db8::/32", std::string(100, 'l'));
  const std::string bytes = saved(aut);
  CAF_CHECK(restore(same, bytes) == restored::whole);
  CAF_CHECK_EQUAL(same.size(), 3u);
  CAF_CHECK_EQUAL(match(same, "10.1.0.1"), "lab");
  CAF_CHECK_EQUAL(match(same, "10.2.0.1"), "10.0.0.0/8");
  CAF_CHECK_EQUAL(match(same, "2001:db8::1"), std::string(100, 'l'));
  const size_t wrong =
    cuts_taken_for_whole(bytes, [&] { return std::make_unique<prefix_set>(memory); });
  CAF_CHECK_EQUAL(wrong, 0u);
  aut.clear();
  CAF_CHECK_EQUAL(aut.size(), 0u);
  CAF_CHECK_EQUAL(match(aut, "10.1.0.1"), "-");
}

CAF_TEST(without memory what is there stays) {
  helper_memory memory{3000};
  prefix_set aut{memory};
  int kept = 0;
  while (add(aut, "10.0." + std::to_string(kept) + ".0/24"))
    ++kept;
  CAF_CHECK_GREATER(kept, 5);
  CAF_CHECK_EQUAL(aut.size(), static_cast<uint32_t>(kept));
  CAF_CHECK_EQUAL(match(aut, "10.0.3.1"), "10.0.3.0/24");
}
