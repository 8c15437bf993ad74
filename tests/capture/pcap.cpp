#define CAF_SUITE capture_pcap
#include "tests/capture/capture_files.hpp"
#include "tests/suite.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>

using namespace flowactors;
namespace fs = std::filesystem;

CAF_TEST(both byte orders in micro and nanoseconds and the modified variant) {
  scratch tmp;
  for (const bool big : {false, true})
    for (const uint32_t magic : {pcap_micro, pcap_nano, pcap_modified}) {
      capture_writer w{big, {}};
      w.pcap_header(magic, 1);
      for (uint32_t i = 0; i < 2; ++i) {
        const bytes content = datagram(53, i);
        w.u32s({1'700'000'000 + i, 999'999, static_cast<uint32_t>(content.size()), 1500});
        if (magic == pcap_modified)
          w.u32s({1, 0xdeadbeef}); // interface, protocol, packet type
        w.text(content);
      }
      const auto all = drain(tmp.file("one.pcap", w.out));
      CAF_REQUIRE(all.clean());
      CAF_REQUIRE_EQUAL(all.frames.size(), 2u);
      for (uint32_t i = 0; i < 2; ++i) {
        const auto& f = all.frames[i];
        CAF_CHECK(f.data == datagram(53, i));
        CAF_CHECK(f.link == link_type::ethernet);
        CAF_CHECK_EQUAL(f.wire, 1500u);
        CAF_CHECK_EQUAL(f.time_ns, (1'700'000'000 + int64_t{i}) * 1'000'000'000
                                     + (magic == pcap_nano ? 999'999 : 999'999'000));
      }
    }
}

CAF_TEST(seconds beyond 2038 are not negative) {
  scratch tmp;
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  w.record(0xf0000000, 1, datagram(53), 60);
  const auto all = drain(tmp.file("late.pcap", w.out));
  CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
  CAF_CHECK_EQUAL(all.frames[0].time_ns, int64_t{0xf0000000} * 1'000'000'000 + 1000);
}

CAF_TEST(the lengths of old versions stand the other way round) {
  scratch tmp;
  const bytes content = datagram(53);
  const auto captured = static_cast<uint32_t>(content.size());
  const auto read = [&](uint32_t minor, uint32_t first, uint32_t second, bool big) {
    capture_writer w{big, {}};
    w.pcap_header(pcap_micro, 1, 2, minor);
    w.u32s({1, 2, first, second});
    w.text(content);
    return drain(tmp.file("old.pcap", w.out));
  };
  for (const bool big : {false, true}) {
    for (const auto& all :
         {read(0, 900, captured, big), read(1, 900, captured, big), read(2, 900, captured, big),
          read(3, 900, captured, big), read(3, captured, 900, big), read(4, captured, 900, big)}) {
      CAF_REQUIRE(all.clean());
      CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
      CAF_CHECK(all.frames[0].data == content);
      CAF_CHECK_EQUAL(all.frames[0].wire, 900u);
    }
  }
}

CAF_TEST(link types of the header) {
  scratch tmp;
  const auto read = [&](uint32_t link) {
    capture_writer w;
    w.pcap_header(pcap_micro, link);
    w.record(1, 2, ip_datagram(53), 60);
    return drain(tmp.file("link.pcap", w.out));
  };
  const std::pair<uint32_t, link_type> known[] = {
    {0, link_type::null},
    {1, link_type::ethernet},
    {9, link_type::ppp},
    {12, link_type::raw},
    {14, link_type::raw},
    {50, link_type::ppp_hdlc},
    {101, link_type::raw},
    {104, link_type::cisco_hdlc},
    {108, link_type::loop},
    {113, link_type::linux_sll},
    {228, link_type::ipv4},
    {229, link_type::ipv6},
    {276, link_type::linux_sll2},
    {0x24000001, link_type::ethernet}, // 4 bytes of checksum
    {0xf4000071, link_type::linux_sll}};
  for (const auto& [number, link] : known) {
    const auto all = read(number);
    CAF_REQUIRE(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
    CAF_CHECK(all.frames[0].link == link);
    CAF_CHECK(supported(all.frames[0].link));
  }
  for (const uint32_t number : {2u, 127u, 65535u, 65537u, 0x2000001u}) {
    const auto all = read(number);
    CAF_REQUIRE(all.code() == ec::unsupported);
    CAF_CHECK(all.frames.empty());
    CAF_CHECK(says(*all.fault, {"link.pcap", "link type", "Ethernet (1)"}));
  }
  CAF_CHECK(says(*read(127).fault, "link type 127 "));
}

CAF_TEST(versions that nobody knows are refused) {
  scratch tmp;
  for (const auto& [major, minor] : {std::pair{3u, 0u}, {2u, 5u}, {1u, 4u}, {0u, 0u}})
    for (const bool big : {false, true}) {
      capture_writer w{big, {}};
      w.pcap_header(pcap_micro, 1, major, minor);
      w.record(1, 2, datagram(53), 60);
      const auto all = drain(tmp.file("version.pcap", w.out));
      CAF_REQUIRE(all.code() == ec::unsupported);
      const auto version = std::to_string(major) + "." + std::to_string(minor);
      CAF_CHECK(says(*all.fault, {"version.pcap", version.c_str(), "expected 2.4"}));
    }
}

CAF_TEST(a header without frames is a good file) {
  scratch tmp;
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  const auto all = drain(tmp.file("header.pcap", w.out));
  CAF_CHECK(all.clean());
  CAF_CHECK(all.frames.empty());
  CAF_CHECK_EQUAL(all.counters.handed_out, 0u);
}

CAF_TEST(a file cut at any byte gives its whole frames and names the byte) {
  scratch tmp;
  std::vector<size_t> ends;
  const bytes whole = small_pcap(&ends);
  std::vector<size_t> boundaries{24};
  boundaries.insert(boundaries.end(), ends.begin(), ends.end());
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto all = drain(
      tmp.file("cut", bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut))));
    if (cut < 4) { // not even the magic number
      CAF_CHECK(all.code() == ec::truncated);
      continue;
    }
    CAF_REQUIRE(!all.fault);
    const auto held = std::count_if(ends.begin(), ends.end(), [=](size_t e) { return e <= cut; });
    CAF_REQUIRE_EQUAL(all.frames.size(), static_cast<size_t>(held));
    const bool clean = std::find(boundaries.begin(), boundaries.end(), cut) != boundaries.end();
    CAF_REQUIRE_EQUAL(all.warnings.size(), clean ? 0u : 1u);
    if (clean)
      continue;
    size_t began = 0;
    for (size_t each : boundaries)
      if (each < cut)
        began = each;
    CAF_CHECK(all.warnings[0].code == ec::truncated);
    CAF_CHECK(says(all.warnings[0], "ends at byte " + std::to_string(cut) + ","));
    CAF_CHECK(says(all.warnings[0], "began at byte " + std::to_string(began) + ";"));
  }
}

CAF_TEST(an absurd length ends the file with its byte and keeps what came before) {
  scratch tmp;
  for (const uint32_t captured : {0xffffffffu, 0x80000000u, 0x00400001u}) {
    capture_writer w{false, small_pcap()};
    const size_t at = w.out.size();
    w.u32s({1, 1, captured, 60});
    w.text(bytes(50));
    const auto all = drain(tmp.file("absurd.pcap", w.out));
    CAF_CHECK_EQUAL(all.frames.size(), 3u);
    CAF_CHECK_EQUAL(all.counters.handed_out, 3u);
    CAF_REQUIRE(all.code() == ec::bad_format);
    CAF_CHECK(says(*all.fault, {"absurd.pcap", "captured"}));
    CAF_CHECK(says(*all.fault, "byte " + std::to_string(at) + " "));
    CAF_CHECK(says(*all.fault, std::to_string(captured)));
  }
}

CAF_TEST(a frame has no fewer bytes on the wire than were captured) {
  scratch tmp;
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  const bytes content = datagram(53);
  w.record(1, 1, content, 4);
  w.record(1, 1, {}, 4);
  w.record(1, 1, {}, 0);
  const auto all = drain(tmp.file("wire.pcap", w.out));
  CAF_REQUIRE(all.clean());
  CAF_REQUIRE_EQUAL(all.frames.size(), 3u);
  CAF_CHECK_EQUAL(all.frames[0].wire, content.size());
  CAF_CHECK_EQUAL(all.frames[1].wire, 4u);
  CAF_CHECK_EQUAL(all.frames[2].wire, 0u);
}

CAF_TEST(frames across the ends of the buffer and frames larger than it are whole) {
  scratch tmp;
  for (const bool big : {false, true}) {
    capture_writer w{big, {}};
    w.pcap_header(pcap_nano, 1);
    std::mt19937 random{7};
    std::vector<bytes> contents;
    size_t total = 0;
    for (uint32_t i = 0; i < 400; ++i) {
      size_t size = random() % 20'011;
      if (i == 100)
        size = (1u << 20) + 1; // just more than the buffer
      if (i == 200)
        size = 3'456'789;
      if (i == 201)
        size = 1u << 22; // the largest
      contents.push_back(noise(size, i));
      w.record(i, i, contents.back(), static_cast<uint32_t>(size + i));
      total += size;
    }
    const auto all = drain(tmp.file("large.pcap", w.out), "", 64);
    CAF_REQUIRE(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), contents.size());
    size_t wrong = 0;
    for (size_t i = 0; i < contents.size(); ++i)
      wrong += all.frames[i].data != contents[i] || all.frames[i].wire != contents[i].size() + i
               || all.frames[i].time_ns != static_cast<int64_t>(i) * 1'000'000'001;
    CAF_CHECK_EQUAL(wrong, 0u);
    CAF_CHECK_EQUAL(all.counters.bytes, total);
  }
}

CAF_TEST(damaged files never do more than fail) {
  memory_file file;
  std::mt19937 random{1};
  size_t bad = 0;
  for (int i = 0; i < 5000; ++i) {
    bytes content = small_pcap();
    for (int n = 0; n <= i % 4; ++n)
      content[random() % content.size()] = static_cast<uint8_t>(random());
    const auto all = drain(file.holding(content), i % 2 == 0 ? "" : "udp");
    CAF_REQUIRE(all.frames.size() <= content.size() / 16);
    bad += all.clean() ? 0 : 1;
  }
  CAF_CHECK(bad > 500u);
  CAF_CHECK(bad < 5000u);
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
    pcap_t* theirs =
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, text);
    if (theirs == nullptr)
      continue;
    const auto ours = drain(path, "", 512);
    size_t count = 0, differ = 0;
    pcap_pkthdr* header;
    const u_char* data;
    while (pcap_next_ex(theirs, &header, &data) == 1) {
      if (count++ >= ours.frames.size())
        continue;
      const auto& f = ours.frames[count - 1];
      // A fraction of a second and more (a fuzzed file has one) is damage that the format allows to
      // say: we add it up as it is written; libpcap's 32 bits of nanoseconds overflow. Both are
      // later than the second before.
      const bool sane = header->ts.tv_usec >= 0 && header->ts.tv_usec < 1'000'000'000;
      differ +=
        f.data.size() != header->caplen || f.wire != std::max(header->len, header->caplen)
        || (sane && f.time_ns != int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec)
        || std::memcmp(f.data.data(), data, header->caplen) != 0;
    }
    pcap_close(theirs);
    if (ours.frames.size() != count || differ != 0)
      CAF_MESSAGE(path << ": " << ours.frames.size() << " of " << count << " frames, " << differ
                       << " differ " << (ours.fault ? ours.fault->what : ""));
    CAF_CHECK_EQUAL(ours.frames.size(), count);
    CAF_CHECK_EQUAL(differ, 0u);
    ++compared;
  }
  CAF_CHECK(compared > 100u);
}

CAF_TEST(a fraction of more than a second is added up as it is written) {
  scratch tmp;
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  w.record(10, 0xffffffff, datagram(53), 60);
  const auto all = drain(tmp.file("fraction.pcap", w.out));
  CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
  CAF_CHECK_EQUAL(all.frames[0].time_ns, 10'000'000'000 + int64_t{0xffffffff} * 1000);
}
