#include "nodes/frame.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace flowactors {

namespace {

constexpr uint64_t prime = 0x9e3779b97f4a7c15u;

/// Four sums side by side, so that the processor needs not wait for one multiplication to begin the
/// next.
class summer {
public:
  void add(std::span<const char> bytes) noexcept {
    const char* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= sizeof(sums_); left -= sizeof(sums_), at += sizeof(sums_))
      block(at);
    if (left == 0)
      return;
    char rest[sizeof(sums_)]{};
    std::memcpy(rest, at, left);
    block(rest);
  }

  uint64_t total() const noexcept {
    uint64_t out = 0;
    for (const auto sum : sums_)
      out = (std::rotl(out, 29) ^ sum) * prime;
    return out ^ (out >> 32);
  }

private:
  void block(const char* at) noexcept {
    uint64_t words[4];
    std::memcpy(words, at, sizeof(words));
    for (size_t i = 0; i < 4; ++i)
      sums_[i] = std::rotl((sums_[i] ^ words[i]) * prime, 31);
  }

  uint64_t sums_[4]{1, 2, 3, 4};
};

bool is_known(frame_kind kind) noexcept {
  return kind >= frame_kind::hello && kind <= frame_kind::receipt;
}

} // namespace

const char* to_string(refusal reason) noexcept {
  switch (reason) {
#define X(name, text) \
  case refusal::name: \
    return #name;
    FLOWACTORS_REFUSALS(X)
#undef X
  }
  return "?";
}

const char* sentence_of(refusal reason) noexcept {
  switch (reason) {
#define X(name, text) \
  case refusal::name: \
    return text;
    FLOWACTORS_REFUSALS(X)
#undef X
  }
  return "?";
}

uint64_t checksum_of(const frame_header& header, std::span<const char> body) noexcept {
  frame_header plain = header;
  plain.checksum = 0;
  summer sum;
  sum.add({reinterpret_cast<const char*>(&plain), sizeof(plain)});
  sum.add(body);
  return sum.total();
}

size_t begin_frame(std::vector<char>& out) {
  const size_t begin = out.size();
  out.resize(begin + sizeof(frame_header));
  return begin;
}

void finish_frame(std::vector<char>& out, size_t begin, frame_header header) {
  const std::span body = std::span<const char>(out).subspan(begin + sizeof(header));
  header.magic = frame_magic;
  header.length = static_cast<uint32_t>(body.size());
  header.checksum = checksum_of(header, body);
  std::memcpy(out.data() + begin, &header, sizeof(header));
}

void append_frame(std::vector<char>& out, frame_header header, std::span<const char> body) {
  const size_t begin = begin_frame(out);
  out.insert(out.end(), body.begin(), body.end());
  finish_frame(out, begin, header);
}

std::variant<frame_header, refusal> read_header(std::span<const char> bytes, size_t longest) {
  frame_header out;
  if (bytes.size() != sizeof(out))
    return refusal::not_flowactors;
  std::memcpy(&out, bytes.data(), sizeof(out));
  if (out.magic != frame_magic || out.zero != 0 || !is_known(out.kind))
    return refusal::not_flowactors;
  if (out.length > longest)
    return refusal::too_long;
  return out;
}

bool is_whole(const frame_header& header, std::span<const char> body) noexcept {
  return header.length == body.size() && header.checksum == checksum_of(header, body);
}

std::array<char, longest_name> put_name(std::string_view name) noexcept {
  std::array<char, longest_name> out{};
  std::ranges::copy(name.substr(0, out.size()), out.begin());
  return out;
}

std::string take_name(const std::array<char, longest_name>& from) {
  const auto end = std::ranges::find(from, '\0');
  const bool plain = std::all_of(from.begin(), end, [](char c) { return c > ' ' && c < 127; });
  return plain && std::all_of(end, from.end(), [](char c) { return c == 0; })
           ? std::string(from.begin(), end)
           : std::string();
}

} // namespace flowactors
