#define CAF_SUITE capture_network_index
#include "capture/network_index.hpp"

#include "tests/suite.hpp"

#include <dlfcn.h>
#include <ndpi/ndpi_api.h>

#include <memory>
#include <random>

using namespace flowactors;

namespace {

struct destroyer {
  void operator()(ndpi_patricia_tree_t* tree) const { ndpi_patricia_destroy(tree, nullptr); }
};

ndpi_prefix_t prefix_of(uint32_t address, int bits) {
  in_addr wanted{htonl(address)};
  ndpi_prefix_t out;
  ndpi_fill_prefix_v4(&out, &wanted, bits, 32);
  return out;
}

struct fixture {
  using search = ndpi_patricia_node_t* (*)(ndpi_patricia_tree_t*, ndpi_prefix_t*);

  fixture() {
    library = dlopen("libndpi.so.4.2", RTLD_NOW | RTLD_NOLOAD);
    CAF_REQUIRE(library != nullptr);
    original = reinterpret_cast<search>(dlsym(library, "ndpi_patricia_search_best"));
    CAF_REQUIRE(original != nullptr);
  }

  ~fixture() { dlclose(library); }

  void add(uint32_t address, int bits) {
    ndpi_prefix_t prefix = prefix_of(bits == 0 ? 0 : address & ~0U << (32 - bits), bits);
    CAF_REQUIRE(ndpi_patricia_lookup(tree.get(), &prefix) != nullptr);
  }

  /// Asks both about an address and its neighbours; counts what is found without the tree.
  void compare(const network_index& index, uint32_t address) {
    for (uint32_t near : {address - 1, address, address + 1}) {
      ndpi_prefix_t prefix = prefix_of(near, 32);
      const auto [known, node] = index.find(near);
      if (!known)
        continue;
      CAF_REQUIRE_EQUAL(static_cast<const void*>(node),
                        static_cast<const void*>(original(tree.get(), &prefix)));
      ++answered;
      found += node != nullptr ? 1 : 0;
    }
  }

  void* library = nullptr;
  search original = nullptr;
  std::unique_ptr<ndpi_patricia_tree_t, destroyer> tree{ndpi_patricia_new(32)};
  std::mt19937 random{17};
  size_t answered = 0;
  size_t found = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(network_index_tests, fixture)

CAF_TEST(an index finds the networks that the tree finds) {
  std::vector<uint32_t> borders;
  for (int i = 0; i < 4000; ++i) {
    const int bits = 1 + static_cast<int>(random() % 32);
    const uint32_t address = i % 2 == 0 ? random() : 0x0a000000 + random() % 0x30000;
    add(address, bits);
    const uint32_t first = address & ~0U << (32 - bits);
    borders.push_back(first);
    borders.push_back(first + (bits == 32 ? 0 : ~0U >> bits));
  }
  const network_index index{tree.get()};
  CAF_REQUIRE(index.is_of(tree.get()));
  for (uint32_t border : borders)
    compare(index, border);
  for (int i = 0; i < 50'000; ++i)
    compare(index, i % 2 == 0 ? random() : 0x0a000000 + random() % 0x30000);
  CAF_CHECK(answered > 100'000);
  CAF_CHECK(found > 50'000);
}

CAF_TEST(the network of all addresses holds them all) {
  add(0, 0);
  add(0xc0a80000, 24);
  const network_index index{tree.get()};
  for (uint32_t address : {1U, 0xc0a80000U, 0xc0a80100U, 0xfffffffeU})
    compare(index, address);
  CAF_CHECK_EQUAL(found, 12u);
}

CAF_TEST(an index of nothing finds nothing) {
  const network_index index{tree.get()};
  compare(index, 0x08080808);
  CAF_CHECK_EQUAL(answered, 3u);
  CAF_CHECK_EQUAL(found, 0u);
  CAF_CHECK(!network_index{nullptr}.is_of(nullptr));
  CAF_CHECK(!network_index{}.is_of(tree.get()));
}

CAF_TEST(more networks than fit are left to the tree) {
  for (uint32_t i = 0; i < 0x8000; ++i)
    add(i << 8, 24);
  CAF_CHECK(!network_index{tree.get()}.is_of(tree.get()));
}

CAF_TEST(networks of another family are left to the tree) {
  std::unique_ptr<ndpi_patricia_tree_t, destroyer> other{ndpi_patricia_new(128)};
  in6_addr address{};
  ndpi_prefix_t prefix;
  ndpi_fill_prefix_v6(&prefix, &address, 64, 128);
  CAF_REQUIRE(ndpi_patricia_lookup(other.get(), &prefix) != nullptr);
  CAF_CHECK(!network_index{other.get()}.is_of(other.get()));
}

CAF_TEST_FIXTURE_SCOPE_END()
