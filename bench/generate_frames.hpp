#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

namespace flowactors::bench {

/// Numbers that look random and are the same in every run (splitmix64, Steele et al. 2014).
class sequence {
public:
  explicit sequence(uint64_t seed) noexcept : state_(seed) {}
  uint64_t next() noexcept;
  /// 0 .. bound - 1.
  uint64_t below(uint64_t bound) noexcept { return next() % bound; }

private:
  uint64_t state_;
};

/// A number that is the same for the same two numbers and looks random otherwise.
uint64_t scramble(uint64_t value, uint64_t salt) noexcept;

/// Ones' complement sum (RFC 1071) of bytes at an even offset, folded to 16 bits, not inverted.
uint16_t ones_sum(std::span<const uint8_t> bytes, uint64_t initial = 0) noexcept;

/// One side of an IPv4 conversation.
struct endpoint {
  uint32_t address = 0; ///< host order
  uint16_t port = 0;
};

struct tcp_segment {
  endpoint from, to;
  uint32_t sequence = 0;
  uint32_t acknowledgement = 0;
  uint8_t flags = 0; ///< `tcp_flag` bits; a SYN gets the usual options
  std::span<const uint8_t> payload;
};

/// Puts Ethernet frames together, checksums right, padded to 60 bytes. A frame is valid until the
/// next one.
class frame_builder {
public:
  std::span<const uint8_t> tcp(const tcp_segment& segment) noexcept;
  std::span<const uint8_t> udp(endpoint from, endpoint to,
                               std::span<const uint8_t> payload) noexcept;

  /// The largest payload that both take.
  static constexpr size_t max_payload = 9000;

private:
  std::span<const uint8_t> finish(endpoint from, endpoint to, uint8_t protocol, size_t header,
                                  size_t checksum_at, std::span<const uint8_t> payload) noexcept;

  std::array<uint8_t, 14 + 20 + 60 + max_payload> bytes_{};
  uint16_t identification_ = 0;
};

/// Writes a capture file (pcap, microseconds, Ethernet). It has its name only when it is complete.
class capture_file {
public:
  /// Check `failed()` after it.
  explicit capture_file(std::string path);
  ~capture_file();
  capture_file(const capture_file&) = delete;
  capture_file& operator=(const capture_file&) = delete;

  void add(int64_t time_ns, std::span<const uint8_t> frame) noexcept;

  /// Gives the file its name. False, with a line on standard error, if anything went wrong.
  bool close() noexcept;

  bool failed() const noexcept { return failed_; }
  uint64_t packets() const noexcept { return packets_; }
  uint64_t bytes() const noexcept { return bytes_; }

private:
  void write(const void* data, size_t size) noexcept;

  std::string path_;
  std::string unfinished_;
  std::unique_ptr<char[]> buffer_;
  std::FILE* file_ = nullptr;
  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
  bool failed_ = false;
};

} // namespace flowactors::bench
