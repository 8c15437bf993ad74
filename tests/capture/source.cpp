#define CAF_SUITE capture_source
#include "capture/source.hpp"

#include "tests/suite.hpp"

#include <pcap/pcap.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

using namespace flowactors;
namespace fs = std::filesystem;

namespace {

using bytes = std::vector<uint8_t>;

struct scratch {
  scratch() {
    std::string pattern = (fs::temp_directory_path() / "flowactors-source-XXXXXX").string();
    root = mkdtemp(pattern.data());
  }
  ~scratch() { fs::remove_all(root); }

  std::string file(const std::string& name, const bytes& content) const {
    const auto path = (root / name).string();
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                                static_cast<std::streamsize>(content.size()));
    return path;
  }

  fs::path root;
};

// Numbers in a chosen byte order.
struct writer {
  bool big = false;
  bytes out;

  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      out.push_back(static_cast<uint8_t>(value >> 8 * (big ? size - 1 - i : i)));
  }
  void u16(uint32_t value) { number(value, 2); }
  void u32(uint32_t value) { number(value, 4); }
  void text(const bytes& content) { out.insert(out.end(), content.begin(), content.end()); }

  void pcap_header(uint32_t magic, uint32_t link) {
    u32(magic);
    u16(2);
    u16(4);
    for (uint32_t value : {0u, 0u, 65535u, link})
      u32(value);
  }
  void record(uint32_t seconds, uint32_t fraction, const bytes& content, uint32_t wire) {
    for (uint32_t value : {seconds, fraction, static_cast<uint32_t>(content.size()), wire})
      u32(value);
    text(content);
  }

  void block(uint32_t type, bytes content) {
    content.resize((content.size() + 3) / 4 * 4);
    const auto length = static_cast<uint32_t>(content.size() + 12);
    u32(type);
    u32(length);
    text(content);
    u32(length);
  }
  writer inner() const { return {big, {}}; }
  void section() {
    auto in = inner();
    in.u32(0x1a2b3c4d);
    in.u16(1);
    in.u16(0);
    in.number(UINT64_MAX, 8);
    block(0x0a0d0d0a, in.out);
  }
  void interface(uint32_t link, int resolution = -1, int64_t offset_s = 0) {
    auto in = inner();
    in.u16(link);
    in.u16(0);
    in.u32(0);
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
    for (uint32_t value : {interface, static_cast<uint32_t>(stamp >> 32), static_cast<uint32_t>(stamp),
                           static_cast<uint32_t>(content.size()), wire})
      in.u32(value);
    in.text(content);
    block(6, in.out);
  }
};

// Ethernet, IPv4, UDP from port 1000 to `port`.
bytes datagram(uint16_t port, size_t payload = 8) {
  const auto length = static_cast<uint8_t>(8 + payload);
  bytes out{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, static_cast<uint8_t>(20 + length), 0, 1, 0, 0, 64, 17,
            0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 3, 232, static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port), 0, length, 0, 0};
  out.resize(out.size() + payload, static_cast<uint8_t>(port));
  return out;
}

struct seen {
  bytes data;
  uint32_t wire;
  int64_t time_ns;
  link_type link;
};

struct outcome {
  std::vector<seen> frames;
  std::vector<error> warnings;
  std::optional<error> fault;
  source_counters counters;
};

outcome drain(source& from, size_t batch = 7) {
  outcome all;
  std::vector<frame> out(batch);
  while (!from.at_end()) {
    auto got = from.read(out);
    if (!got) {
      all.fault = got.failure();
      break;
    }
    for (size_t i = 0; i < *got; ++i)
      all.frames.push_back({{out[i].data, out[i].data + out[i].captured}, out[i].wire, out[i].time_ns, out[i].link});
  }
  all.warnings = from.take_warnings();
  all.counters = from.counters();
  return all;
}

outcome drain(const std::string& path, const std::string& filter = "") {
  auto opened = open_path(path, filter);
  if (!opened)
    return {{}, {}, opened.failure(), {}};
  return drain(**opened);
}

bool says(const error& what, const std::string& part) {
  return what.what.find(part) != std::string::npos;
}

bytes small_pcap(std::vector<size_t>* ends = nullptr) {
  writer w;
  w.pcap_header(0xa1b2c3d4, 1);
  for (uint16_t i = 0; i < 3; ++i) {
    w.record(100 + i, 5, datagram(static_cast<uint16_t>(53 + i), i * 3u), 90);
    if (ends != nullptr)
      ends->push_back(w.out.size());
  }
  return w.out;
}

bytes small_pcapng(std::vector<size_t>* ends = nullptr, std::vector<size_t>* boundaries = nullptr) {
  writer w;
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

} // namespace

CAF_TEST(pcap in both byte orders and all precisions) {
  scratch tmp;
  for (const bool big : {false, true})
    for (const uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du}) {
      writer w{big, {}};
      w.pcap_header(magic, 1);
      w.record(1700000000, 123, datagram(53), 1500);
      const auto all = drain(tmp.file("one.pcap", w.out));
      CAF_REQUIRE(!all.fault && all.frames.size() == 1u);
      CAF_CHECK(all.frames[0].data == datagram(53));
      CAF_CHECK_EQUAL(all.frames[0].wire, 1500u);
      CAF_CHECK_EQUAL(all.frames[0].time_ns, 1'700'000'000'000'000'000 + (magic == 0xa1b23c4d ? 123 : 123'000));
      CAF_CHECK(all.warnings.empty());
    }
}

CAF_TEST(pcapng with sections and interfaces of different clocks and orders) {
  scratch tmp;
  writer w;
  for (const bool big : {false, true}) {
    w.big = big;
    w.section();
    w.interface(1);
    w.interface(101, 9, 10);
    w.interface(113, 0x80 | 10);
    w.packet(0, 2'000'001, datagram(53), 99);
    w.packet(1, 2'000'000'001, {0x45, 0}, 2);
    w.packet(2, 1024 + 512, bytes(16), 16);
  }
  const auto all = drain(tmp.file("mixed.pcapng", w.out));
  CAF_REQUIRE(!all.fault && all.frames.size() == 6u);
  for (size_t i : {0u, 3u}) {
    CAF_CHECK_EQUAL(all.frames[i].time_ns, 2'000'001'000);
    CAF_CHECK_EQUAL(all.frames[i + 1].time_ns, 12'000'000'001);
    CAF_CHECK_EQUAL(all.frames[i + 2].time_ns, 1'500'000'000);
    CAF_CHECK(all.frames[i + 1].link == link_type::raw);
    CAF_CHECK(all.frames[i + 2].link == link_type::linux_sll);
  }
}

CAF_TEST(a file cut at any byte gives its whole frames and names the byte) {
  scratch tmp;
  for (const bool ng : {false, true}) {
    std::vector<size_t> ends;
    std::vector<size_t> boundaries;
    const bytes whole = ng ? small_pcapng(&ends, &boundaries) : small_pcap(&ends);
    if (!ng) {
      boundaries = ends;
      boundaries.push_back(24);
    }
    for (size_t cut = 4; cut <= whole.size(); ++cut) {
      const auto all = drain(tmp.file("cut", bytes(whole.begin(), whole.begin() + static_cast<long>(cut))));
      CAF_REQUIRE(!all.fault);
      CAF_REQUIRE_EQUAL(all.frames.size(), static_cast<size_t>(std::count_if(ends.begin(), ends.end(), [=](size_t e) { return e <= cut; })));
      const bool clean = std::find(boundaries.begin(), boundaries.end(), cut) != boundaries.end();
      CAF_REQUIRE_EQUAL(all.warnings.size(), clean ? 0u : 1u);
      if (clean)
        continue;
      size_t began = 0;
      for (size_t each : boundaries)
        if (each < cut)
          began = std::max(began, each);
      CAF_CHECK(all.warnings[0].code == ec::truncated);
      CAF_CHECK(says(all.warnings[0], "ends at byte " + std::to_string(cut) + ","));
      CAF_CHECK(says(all.warnings[0], "began at byte " + std::to_string(began) + ";"));
    }
  }
}

CAF_TEST(damaged files never do more than fail) {
  scratch tmp;
  std::mt19937 random{1};
  size_t faults = 0;
  for (int i = 0; i < 4000; ++i) {
    bytes content = i % 2 == 0 ? small_pcap() : small_pcapng();
    for (int n = 0; n < 1 + i % 4; ++n)
      content[random() % content.size()] = static_cast<uint8_t>(random());
    const auto all = drain(tmp.file("damaged", content));
    CAF_REQUIRE(all.frames.size() <= content.size() / 12);
    faults += all.fault || !all.warnings.empty();
  }
  CAF_CHECK(faults > 0u && faults < 4000u);
}

CAF_TEST(a record with an absurd length ends the file with its byte) {
  scratch tmp;
  bytes content = small_pcap();
  writer w{false, content};
  w.u32(1), w.u32(1), w.u32(0x7fffffff), w.u32(60);
  const auto all = drain(tmp.file("absurd", w.out));
  CAF_CHECK_EQUAL(all.frames.size(), 3u);
  CAF_REQUIRE(all.fault.has_value());
  CAF_CHECK(all.fault->code == ec::bad_format);
  CAF_CHECK(says(*all.fault, "byte " + std::to_string(content.size()) + " "));
}

CAF_TEST(what is no capture is told with the way out) {
  scratch tmp;
  const auto fault = [](const outcome& all) { return all.fault.value_or(error{ec::bad_library, "no fault"}); };
  CAF_CHECK(fault(drain(tmp.file("empty", {}))).code == ec::truncated);
  CAF_CHECK(says(fault(drain(tmp.file("empty", {}))), "is empty"));
  CAF_CHECK(fault(drain(tmp.file("text", {'h', 'e', 'l', 'l', 'o'}))).code == ec::bad_format);
  CAF_CHECK(says(fault(drain(tmp.file("text", {'h', 'e', 'l', 'l', 'o'}))), "68 65 6c 6c"));
  CAF_CHECK(says(fault(drain(tmp.file("zip", {0x1f, 0x8b, 8, 0}))), "zcat"));
  CAF_CHECK(fault(drain((tmp.root / "missing").string())).code == ec::not_found);
  writer w;
  w.pcap_header(0xa1b2c3d4, 127);
  w.record(1, 1, bytes(20), 20);
  CAF_CHECK(fault(drain(tmp.file("radio", w.out))).code == ec::unsupported);
  CAF_CHECK(says(fault(drain(tmp.file("radio", w.out))), "127"));
  writer header;
  header.pcap_header(0xa1b2c3d4, 1);
  const auto none = drain(tmp.file("header", header.out));
  CAF_CHECK(!none.fault && none.frames.empty() && none.warnings.empty());
}

CAF_TEST(a filter counts what it refuses) {
  scratch tmp;
  const auto path = tmp.file("three.pcap", small_pcap());
  const auto all = drain(path, "udp dst port 54");
  CAF_CHECK_EQUAL(all.frames.size(), 1u);
  CAF_CHECK_EQUAL(all.counters.filtered, 2u);
  CAF_CHECK_EQUAL(all.counters.handed_out, 1u);
  CAF_CHECK_EQUAL(all.counters.bytes, datagram(54, 3).size());
  CAF_REQUIRE(!check_filter("prot 53"));
  CAF_CHECK(check_filter("prot 53").failure().code == ec::bad_setting);
  CAF_CHECK(says(check_filter("prot 53").failure(), "prot 53"));
  CAF_CHECK(check_filter("port 53"));
}

CAF_TEST(a folder is read in name order and bad files are warnings) {
  scratch tmp;
  CAF_CHECK(drain(tmp.root.string()).fault.has_value());
  for (uint8_t i : {3, 1, 2}) {
    writer w;
    w.pcap_header(0xa1b2c3d4, 1);
    w.record(i, 0, datagram(i), 60);
    tmp.file(std::to_string(i) + ".pcap", w.out);
  }
  tmp.file("0.pcap", {'n', 'o', 'p', 'e'});
  tmp.file(".hidden.pcap", {'n', 'o', 'p', 'e'});
  fs::create_directory(tmp.root / "2a.pcap");
  const auto all = drain(tmp.root.string());
  CAF_REQUIRE(!all.fault && all.frames.size() == 3u);
  for (size_t i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(all.frames[i].time_ns, static_cast<int64_t>(i + 1) * 1'000'000'000);
  CAF_REQUIRE_EQUAL(all.warnings.size(), 1u);
  CAF_CHECK(says(all.warnings[0], "0.pcap"));
}

CAF_TEST(a fifo is read as its writer writes and an interrupt ends the wait) {
  scratch tmp;
  const auto path = (tmp.root / "fifo").string();
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  std::thread writing{[&] {
    std::ofstream out{path, std::ios::binary};
    for (uint8_t byte : small_pcap())
      out.put(static_cast<char>(byte)).flush();
  }};
  const auto all = drain(**opened);
  writing.join();
  CAF_CHECK(!all.fault && all.frames.size() == 3u && all.warnings.empty());

  auto waiting = open_path(path, "");
  CAF_REQUIRE(waiting);
  std::array<frame, 4> out;
  std::thread waking{[&] { (*waiting)->interrupt(); }};
  const auto nothing = (*waiting)->read(out); // without the interrupt this waits for ever
  waking.join();
  CAF_REQUIRE(nothing);
  CAF_CHECK_EQUAL(nothing.value(), 0u);
  CAF_CHECK(!(*waiting)->at_end()); // whoever is interrupted may go on
}

CAF_TEST(every capture of the corpus reads as libpcap reads it) {
  const fs::path corpus = fs::path{FLOWACTORS_SOURCE_DIR} / "../shared/captures/ndpi-4.2";
  if (!fs::exists(corpus)) {
    CAF_MESSAGE("skipped: the corpus is not here");
    CAF_CHECK(!fs::exists(corpus));
    return;
  }
  size_t compared = 0;
  for (const auto& entry : fs::directory_iterator{corpus}) {
    const auto path = entry.path().string();
    char text[PCAP_ERRBUF_SIZE];
    pcap_t* theirs = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, text);
    if (theirs == nullptr)
      continue;
    const auto ours = drain(path);
    size_t i = 0, differ = 0;
    pcap_pkthdr* header;
    const u_char* data;
    while (pcap_next_ex(theirs, &header, &data) == 1) {
      if (i < ours.frames.size()) {
        const auto& f = ours.frames[i];
        // A fraction of more than a second is damage (a fuzzed file has one): libpcap takes it for negative.
        const bool sane = header->ts.tv_usec >= 0 && header->ts.tv_usec < 1'000'000'000;
        differ += f.data.size() != header->caplen || f.wire != header->len
                  || (sane && f.time_ns != int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec)
                  || std::memcmp(f.data.data(), data, header->caplen) != 0;
      }
      ++i;
    }
    pcap_close(theirs);
    if (ours.frames.size() != i || differ != 0)
      CAF_MESSAGE(path << ": " << ours.frames.size() << " of " << i << " frames, " << differ << " differ "
                       << (ours.fault ? ours.fault->what : ""));
    CAF_CHECK_EQUAL(ours.frames.size(), i);
    CAF_CHECK_EQUAL(differ, 0u);
    ++compared;
  }
  CAF_CHECK(compared > 0u);
}
