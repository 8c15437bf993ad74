#include "lua/helpers/saved_bytes.hpp"

#include "lua/helpers/sip_hash.hpp"

#include <cmath>

namespace flowactors {

namespace {

constexpr char mark[8] = {'f', 'l', 'o', 'w',
                          'a', 'c', 1,   0}; // 1 = the version; the letter is last

uint64_t checksum(const char* data, size_t size) noexcept {
  return sip_hash<>::of(data, size, 1, 2);
}

} // namespace

scalar byte_reader::take_scalar() noexcept {
  const auto kind = take<scalar_kind>();
  const auto size = take<uint32_t>();
  const scalar out{kind, bytes(size)};
  const bool right = kind == scalar_kind::text      ? size <= kept_scalar::longest
                     : kind == scalar_kind::number  ? size == sizeof(double)
                     : kind == scalar_kind::boolean ? size == 1
                                                    : false;
  ok_ = ok_ && right && (kind != scalar_kind::number || !std::isnan(number_of(out)));
  return ok_ ? out : scalar{};
}

void seal(char* out, size_t body, char letter) noexcept {
  std::memcpy(out, mark, sizeof(mark));
  out[7] = letter;
  const uint64_t sum = checksum(out, body + 8);
  std::memcpy(out + 8 + body, &sum, sizeof(sum));
}

std::string_view unseal(std::string_view sealed, char letter) noexcept {
  if (sealed.size() < seal_size || std::memcmp(sealed.data(), mark, 7) != 0 || sealed[7] != letter)
    return {};
  const size_t body = sealed.size() - seal_size;
  const uint64_t sum = checksum(sealed.data(), body + 8);
  if (std::memcmp(sealed.data() + 8 + body, &sum, sizeof(sum)) != 0)
    return {};
  return sealed.substr(8, body);
}

} // namespace flowactors
