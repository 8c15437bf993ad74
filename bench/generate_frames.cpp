#include "bench/generate_frames.hpp"

#include "capture/packet.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace flowactors::bench {

namespace {

constexpr size_t ip_at = 14, transport_at = ip_at + 20, least_frame = 60;
constexpr size_t buffer_size = 4u << 20;
// Locally administered; one for clients, one for servers.
constexpr std::array<uint8_t, 14> ethernet{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
constexpr std::array<uint8_t, 12> syn_options{2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 1, 0};

void put16(uint8_t* at, uint64_t value) noexcept {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void put32(uint8_t* at, uint64_t value) noexcept {
  put16(at, value >> 16);
  put16(at + 2, value);
}

} // namespace

uint64_t sequence::next() noexcept {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

uint64_t scramble(uint64_t value, uint64_t salt) noexcept {
  return sequence{value * 0xd1342543de82ef95u + salt}.next();
}

uint16_t ones_sum(std::span<const uint8_t> bytes, uint64_t initial) noexcept {
  // Summed as the machine reads, turned round at the end: RFC 1071, 2 (B).
  uint64_t sum = 0;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    sum += word;
  }
  std::array<uint8_t, 4> rest{};
  std::copy(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.end(), rest.begin());
  uint32_t word;
  std::memcpy(&word, rest.data(), 4);
  sum += word;
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  std::array<uint8_t, 2> order;
  const auto folded = static_cast<uint16_t>(sum);
  std::memcpy(order.data(), &folded, 2);
  sum = initial + (static_cast<uint64_t>(order[0]) << 8 | order[1]);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

std::span<const uint8_t> frame_builder::tcp(const tcp_segment& segment) noexcept {
  const bool syn = segment.flags & tcp_flag::syn;
  const size_t header = 20 + (syn ? syn_options.size() : 0);
  uint8_t* tcp = bytes_.data() + transport_at;
  put32(tcp + 4, segment.sequence);
  put32(tcp + 8, segment.acknowledgement);
  tcp[12] = static_cast<uint8_t>(header / 4 << 4);
  tcp[13] = segment.flags;
  put16(tcp + 14, 64240);
  put32(tcp + 16, 0);
  if (syn)
    std::copy(syn_options.begin(), syn_options.end(), tcp + 20);
  return finish(segment.from, segment.to, 6, header, 16, segment.payload);
}

std::span<const uint8_t> frame_builder::udp(endpoint from, endpoint to,
                                            std::span<const uint8_t> payload) noexcept {
  uint8_t* udp = bytes_.data() + transport_at;
  put16(udp + 4, 8 + payload.size());
  put16(udp + 6, 0);
  return finish(from, to, 17, 8, 6, payload);
}

std::span<const uint8_t> frame_builder::finish(endpoint from, endpoint to, uint8_t protocol,
                                               size_t header, size_t checksum_at,
                                               std::span<const uint8_t> payload) noexcept {
  payload = payload.first(std::min(payload.size(), max_payload));
  std::copy(ethernet.begin(), ethernet.end(), bytes_.begin());
  uint8_t* ip = bytes_.data() + ip_at;
  const size_t ip_length = 20 + header + payload.size();
  put16(ip, 0x4500);
  put16(ip + 2, ip_length);
  put16(ip + 4, identification_++);
  put16(ip + 6, 0x4000);
  ip[8] = 64;
  ip[9] = protocol;
  put16(ip + 10, 0);
  put32(ip + 12, from.address);
  put32(ip + 16, to.address);
  put16(ip + 10, static_cast<uint16_t>(~ones_sum({ip, 20})));

  uint8_t* transport = bytes_.data() + transport_at;
  put16(transport, from.port);
  put16(transport + 2, to.port);
  std::copy(payload.begin(), payload.end(), transport + header);
  const uint64_t pseudo = ones_sum({ip + 12, 8}, protocol + header + payload.size());
  auto checksum = static_cast<uint16_t>(~ones_sum({transport, header + payload.size()}, pseudo));
  if (protocol == 17 && checksum == 0)
    checksum = 0xffff;
  put16(transport + checksum_at, checksum);

  const size_t length = ip_at + ip_length;
  if (length < least_frame)
    std::fill(bytes_.begin() + static_cast<ptrdiff_t>(length), bytes_.begin() + least_frame,
              uint8_t{0});
  return {bytes_.data(), std::max(length, least_frame)};
}

capture_file::capture_file(std::string path)
  : path_(std::move(path)), unfinished_(path_ + ".part"), buffer_(new char[buffer_size]) {
  file_ = std::fopen(unfinished_.c_str(), "wb");
  if (!file_) {
    std::fprintf(stderr, "bench-generate: can't write %s: %s\n", unfinished_.c_str(),
                 std::strerror(errno));
    failed_ = true;
    return;
  }
  std::setvbuf(file_, buffer_.get(), _IOFBF, buffer_size);
  const uint32_t header[] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, 1};
  write(header, sizeof header);
}

capture_file::~capture_file() {
  if (file_) {
    std::fclose(file_);
    std::remove(unfinished_.c_str());
  }
}

void capture_file::add(int64_t time_ns, std::span<const uint8_t> frame) noexcept {
  const auto length = static_cast<uint32_t>(frame.size());
  const uint32_t header[] = {static_cast<uint32_t>(time_ns / 1'000'000'000),
                             static_cast<uint32_t>(time_ns % 1'000'000'000 / 1000), length, length};
  write(header, sizeof header);
  write(frame.data(), frame.size());
  ++packets_;
  bytes_ += frame.size();
}

void capture_file::write(const void* data, size_t size) noexcept {
  if (!failed_ && std::fwrite(data, 1, size, file_) != size) {
    std::fprintf(stderr, "bench-generate: can't write %s: %s\n", unfinished_.c_str(),
                 std::strerror(errno));
    failed_ = true;
  }
}

bool capture_file::close() noexcept {
  if (!file_)
    return false;
  const bool flushed = std::fclose(std::exchange(file_, nullptr)) == 0;
  if (!failed_ && flushed && std::rename(unfinished_.c_str(), path_.c_str()) == 0)
    return true;
  if (!failed_)
    std::fprintf(stderr, "bench-generate: can't finish %s: %s\n", path_.c_str(),
                 std::strerror(errno));
  std::remove(unfinished_.c_str());
  failed_ = true;
  return false;
}

} // namespace flowactors::bench
