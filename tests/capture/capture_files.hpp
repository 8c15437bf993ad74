#pragma once

#include "capture/source.hpp"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace flowactors {

using bytes = std::vector<uint8_t>;

/// A folder that is gone with the test.
struct scratch {
  scratch() {
    std::string name =
      (std::filesystem::temp_directory_path() / "flowactors-source-XXXXXX").string();
    root = mkdtemp(name.data());
    std::filesystem::permissions(root, std::filesystem::perms(0755));
  }
  ~scratch() { std::filesystem::remove_all(root); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string path(const std::string& name) const { return (root / name).string(); }
  std::string file(const std::string& name, const bytes& content) const {
    std::ofstream{path(name), std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                      static_cast<std::streamsize>(content.size()));
    return path(name);
  }

  std::filesystem::path root;
};

/// A file that is on no disk, for tests that write thousands.
struct memory_file {
  memory_file() : fd(memfd_create("flowactors-source", MFD_CLOEXEC)) {}
  ~memory_file() { close(fd); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  /// Its path, with that content.
  std::string holding(const bytes& content) const {
    const bool done =
      ftruncate(fd, 0) == 0
      && pwrite(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size());
    return done ? "/proc/self/fd/" + std::to_string(fd) : "(memory file failed)";
  }

  int fd;
};

/// Writes captures byte by byte, in a chosen byte order.
struct capture_writer {
  bool big = false;
  bytes out;

  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      out.push_back(static_cast<uint8_t>(value >> 8 * (big ? size - 1 - i : i)));
  }
  void u16(uint32_t value) { number(value, 2); }
  void u32(uint32_t value) { number(value, 4); }
  void u32s(std::initializer_list<uint32_t> values) {
    for (uint32_t value : values)
      u32(value);
  }
  void text(const bytes& content) { out.insert(out.end(), content.begin(), content.end()); }

  void pcap_header(uint32_t magic, uint32_t link, uint32_t major = 2, uint32_t minor = 4) {
    u32(magic);
    u16(major);
    u16(minor);
    u32s({0, 0, 65535, link});
  }
  void record(uint32_t seconds, uint32_t fraction, const bytes& content, uint32_t wire) {
    u32s({seconds, fraction, static_cast<uint32_t>(content.size()), wire});
    text(content);
  }

  capture_writer inner() const { return {big, {}}; }
  void block(uint32_t type, bytes content) {
    content.resize((content.size() + 3) / 4 * 4);
    const auto length = static_cast<uint32_t>(content.size() + 12);
    u32s({type, length});
    text(content);
    u32(length);
  }
  void section(uint32_t major = 1) {
    auto in = inner();
    in.u32(0x1a2b3c4d);
    in.u16(major);
    in.u16(0);
    in.number(UINT64_MAX, 8);
    block(0x0a0d0d0a, in.out);
  }
  /// `resolution` below 0 = no option for it; `offset_s` comes with it.
  void interface(uint32_t link, int resolution = -1, int64_t offset_s = 0, uint32_t snap = 0) {
    auto in = inner();
    in.u16(link);
    in.u16(0);
    in.u32(snap);
    if (resolution >= 0) {
      in.u16(9);
      in.u16(1);
      in.text({static_cast<uint8_t>(resolution), 0, 0, 0});
      in.u16(14);
      in.u16(8);
      in.number(static_cast<uint64_t>(offset_s), 8);
      in.u32(0);
    }
    block(1, in.out);
  }
  void packet(uint32_t interface, uint64_t stamp, const bytes& content, uint32_t wire) {
    auto in = inner();
    in.u32s({interface, static_cast<uint32_t>(stamp >> 32), static_cast<uint32_t>(stamp),
             static_cast<uint32_t>(content.size()), wire});
    in.text(content);
    block(6, in.out);
  }
  void simple_packet(const bytes& content, uint32_t wire) {
    auto in = inner();
    in.u32(wire);
    in.text(content);
    block(3, in.out);
  }
  void old_packet(uint32_t interface, uint64_t stamp, const bytes& content, uint32_t wire) {
    auto in = inner();
    in.u16(interface);
    in.u16(7); // drops
    in.u32s({static_cast<uint32_t>(stamp >> 32), static_cast<uint32_t>(stamp),
             static_cast<uint32_t>(content.size()), wire});
    in.text(content);
    block(2, in.out);
  }
};

inline constexpr uint32_t pcap_micro = 0xa1b2c3d4, pcap_nano = 0xa1b23c4d,
                          pcap_modified = 0xa1b2cd34;

/// IPv4, UDP from port 1000 to `port`, without a link header.
inline bytes ip_datagram(uint16_t port, size_t payload = 8) {
  const size_t udp = 8 + payload, ip = 20 + udp;
  bytes out{0x45,
            0,
            static_cast<uint8_t>(ip >> 8),
            static_cast<uint8_t>(ip),
            0,
            1,
            0,
            0,
            64,
            17,
            0,
            0,
            10,
            0,
            0,
            1,
            10,
            0,
            0,
            2,
            3,
            232,
            static_cast<uint8_t>(port >> 8),
            static_cast<uint8_t>(port),
            static_cast<uint8_t>(udp >> 8),
            static_cast<uint8_t>(udp),
            0,
            0};
  out.resize(out.size() + payload, static_cast<uint8_t>(port));
  return out;
}

/// The same in an Ethernet frame.
inline bytes datagram(uint16_t port, size_t payload = 8) {
  bytes out{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
  const bytes inner = ip_datagram(port, payload);
  out.insert(out.end(), inner.begin(), inner.end());
  return out;
}

/// Bytes that repeat nowhere near: what is shifted by one differs.
inline bytes noise(size_t size, uint32_t seed) {
  std::mt19937 random{seed};
  bytes out(size);
  for (auto& each : out)
    each = static_cast<uint8_t>(random());
  return out;
}

/// A frame that outlives its source's buffer.
struct seen_frame {
  bytes data;
  uint32_t wire;
  int64_t time_ns;
  link_type link;
};

/// All that came out of a source.
struct outcome {
  std::vector<seen_frame> frames;
  std::vector<error> warnings;
  std::optional<error> fault;
  source_counters counters;

  /// The fault's code, or none.
  std::optional<ec> code() const { return fault ? std::optional{fault->code} : std::nullopt; }
  bool clean() const { return !fault && warnings.empty(); }
};

/// Reads to the end or an error. Not for what may be interrupted.
inline outcome drain(source& from, size_t batch = 7) {
  outcome all;
  std::vector<frame> out(batch);
  while (!from.at_end()) {
    auto got = from.read(out);
    if (!got) {
      all.fault = got.failure();
      break;
    }
    for (size_t i = 0; i < *got; ++i)
      all.frames.push_back(
        {{out[i].data, out[i].data + out[i].captured}, out[i].wire, out[i].time_ns, out[i].link});
  }
  all.warnings = from.take_warnings();
  all.counters = from.counters();
  return all;
}

inline outcome drain(const std::string& path, const std::string& filter = "", size_t batch = 7) {
  auto opened = open_path(path, filter);
  if (!opened)
    return {{}, {}, opened.failure(), {}};
  return drain(**opened, batch);
}

/// How many frames a read gave; SIZE_MAX = it failed. By value, for CAF's checks keep references.
inline size_t taken(source& from, std::span<frame> out) {
  const auto got = from.read(out);
  return got ? got.value() : SIZE_MAX;
}

/// True if the sentence has each of the parts in it.
inline bool says(const error& what, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    if (what.what.find(part) == std::string::npos)
      return false;
  return true;
}
inline bool says(const error& what, const std::string& part) {
  return says(what, {part.c_str()});
}

/// Three frames to UDP ports 53, 54 and 55; `ends` gets the byte after each.
inline bytes small_pcap(std::vector<size_t>* ends = nullptr) {
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  for (uint16_t i = 0; i < 3; ++i) {
    w.record(100u + i, 5, datagram(static_cast<uint16_t>(53 + i), i * 3u), 90);
    if (ends != nullptr)
      ends->push_back(w.out.size());
  }
  return w.out;
}

/// The same as pcapng, with a block of an unknown type; `boundaries` gets the byte after each
/// block.
inline bytes small_pcapng(std::vector<size_t>* ends = nullptr,
                          std::vector<size_t>* boundaries = nullptr) {
  capture_writer w;
  const auto mark = [&](std::vector<size_t>* into) {
    if (into != nullptr)
      into->push_back(w.out.size());
  };
  w.section();
  mark(boundaries);
  w.interface(1);
  mark(boundaries);
  w.block(0x0bad, bytes(20));
  mark(boundaries);
  for (uint16_t i = 0; i < 3; ++i) {
    w.packet(0, 1'000'000u * i, datagram(static_cast<uint16_t>(53 + i), i * 3u), 90);
    mark(ends);
    mark(boundaries);
  }
  return w.out;
}

} // namespace flowactors
