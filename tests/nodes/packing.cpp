#define CAF_SUITE nodes_packing
#include "nodes/packing.hpp"

#include "tests/suite.hpp"

#include <random>

using namespace flowactors;

namespace {

/// Units of which about one number in `rarity` is not 0, and of these some have one byte.
std::vector<char> some_units(size_t units, unsigned rarity, std::minstd_rand& random) {
  std::vector<char> out(units * packing_unit);
  for (size_t i = 0; i < out.size(); i += 2)
    if (random() % rarity == 0) {
      out[i] = static_cast<char>(random());
      out[i + 1] = random() % 2 == 0 ? '\0' : static_cast<char>(random());
    }
  return out;
}

/// As a frame has it: the masks, then the numbers.
struct packed {
  packed(const std::vector<char>& from, bool shuffling) : units(from.size() / packing_unit) {
    bytes.resize(units);
    pack(from, bytes, 0, shuffling);
    bytes.shrink_to_fit(); // whoever reads beyond them is found out
  }

  std::span<const char> masks() const { return std::span(bytes).first(units); }
  std::span<const char> numbers() const { return std::span(bytes).subspan(units); }

  size_t units;
  std::vector<char> bytes;
};

} // namespace

CAF_TEST(units come back from either way of packing and both pack alike) {
  std::minstd_rand random{11};
  for (int round = 0; round < 300; ++round) {
    const auto from = some_units(random() % 200, 1 + random() % 9, random);
    const packed plain{from, false};
    for (const bool shuffling : {false, shuffles_bytes}) {
      const packed other{from, shuffling};
      CAF_REQUIRE(other.bytes == plain.bytes);
      std::vector<char> to(from.size(), 'x');
      CAF_REQUIRE_EQUAL(unpack(other.masks(), other.numbers(), to.data(), shuffling),
                        other.numbers().size());
      CAF_REQUIRE(to == from);
    }
  }
}

CAF_TEST(only numbers that are not 0 take room) {
  std::vector<char> from(3 * packing_unit);
  from[1] = 7;
  from[packing_unit + 14] = from[packing_unit + 15] = 8;
  const packed all{from, shuffles_bytes};
  CAF_CHECK(all.bytes == (std::vector<char>{1, '\x80', 0, 0, 7, 8, 8}));
}

CAF_TEST(what is too short is told by the size) {
  std::minstd_rand random{12};
  for (const bool shuffling : {false, shuffles_bytes})
    for (size_t units = 1; units < 20; ++units) {
      const auto from = some_units(units, 1 + random() % 3, random);
      const packed all{from, shuffling};
      std::vector<char> to(from.size());
      for (size_t left = 0; left < all.numbers().size(); ++left) {
        const std::vector<char> cut(all.numbers().begin(), all.numbers().begin() + left);
        CAF_REQUIRE(unpack(all.masks(), cut, to.data(), shuffling) > cut.size());
      }
    }
}

CAF_TEST(what comes after the last unit is left alone) {
  const std::vector<char> from(2 * packing_unit, 'a');
  packed all{from, shuffles_bytes};
  all.bytes.insert(all.bytes.end(), 100, 'b');
  std::vector<char> to(from.size());
  CAF_CHECK_EQUAL(unpack(all.masks(), all.numbers(), to.data()), from.size());
  CAF_CHECK(to == from);
}
