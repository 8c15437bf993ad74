#include "nodes/frame.hpp"

#if defined(__x86_64__)
#include <xxh_x86dispatch.h> // takes what the processor has
#else
#include <xxhash.h>
#endif

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

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
  return XXH3_64bits_withSeed(body.data(), body.size(), XXH3_64bits(&plain, sizeof(plain)));
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
