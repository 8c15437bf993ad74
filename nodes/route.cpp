#include "nodes/route.hpp"

#include <cstring>

namespace flowactors {

namespace {

// The finaliser of MurmurHash3 (Austin Appleby, public domain).
uint64_t mix(uint64_t x) noexcept {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}

} // namespace

route::route(const std::vector<std::string>& nodes)
  : up_(nodes.size() >= 64 ? ~uint64_t{0} : (uint64_t{1} << nodes.size()) - 1) {
  for (const auto& node : nodes) {
    uint64_t seed = 0;
    for (const char c : node)
      seed = mix(seed + static_cast<unsigned char>(c) + 1);
    seeds_.push_back(seed);
  }
}

uint32_t route::pick(const flow_record& flow) const noexcept {
  if (seeds_.size() <= 1)
    return 0;
  uint64_t halves[2];
  std::memcpy(halves, flow.client_address, sizeof(halves));
  const uint64_t client = halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15u);
  const uint64_t up = up_.load(std::memory_order_relaxed);
  uint64_t best = 0;
  uint32_t out = 0;
  for (uint32_t i = 0; i < seeds_.size(); ++i) {
    const uint64_t number = mix(client ^ seeds_[i]) | 1; // never 0
    if (((up >> i) & 1) != 0 && number > best) {
      best = number;
      out = i;
    }
  }
  return out;
}

bool route::set_up(uint32_t place, bool up) noexcept {
  const uint64_t bit = uint64_t{1} << place;
  uint64_t before = up_.load();
  for (;;) {
    const uint64_t after = up ? before | bit : before & ~bit;
    if (after == before || after == 0)
      return false;
    if (up_.compare_exchange_weak(before, after))
      return true;
  }
}

} // namespace flowactors
