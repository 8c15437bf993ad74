#define CAF_SUITE capture_pcapng
#include "tests/capture/capture_files.hpp"
#include "tests/suite.hpp"

#include <algorithm>

using namespace flowactors;

namespace {

// A section with an Ethernet interface and one frame.
capture_writer begun(bool big = false) {
  capture_writer w{big, {}};
  w.section();
  w.interface(1);
  w.packet(0, 1, datagram(53), 60);
  return w;
}

void check_bad(const scratch& tmp, const capture_writer& w, size_t at, const char* words) {
  const auto all = drain(tmp.file("bad.pcapng", w.out));
  CAF_CHECK_EQUAL(all.frames.size(), 1u);
  CAF_REQUIRE(all.code() == ec::bad_format);
  CAF_CHECK(says(*all.fault, {"bad.pcapng", words}));
  CAF_CHECK(says(*all.fault, "block at byte " + std::to_string(at) + " "));
}

} // namespace

CAF_TEST(sections in both byte orders with interfaces of different links and clocks) {
  scratch tmp;
  capture_writer w;
  for (const bool big : {false, true, false}) {
    w.big = big;
    w.section();
    w.interface(1);
    w.interface(101, 9, 10);
    w.interface(113, 0x80 | 10);
    w.interface(228, 3, -1);
    w.interface(229, 6, 2);
    w.interface(276, 0x80 | 20);
    w.packet(0, 2'000'001, datagram(53), 99);
    w.packet(1, 2'000'000'001, {0x45, 0}, 2);
    w.packet(2, 1024 + 512, bytes(16), 16);
    w.packet(3, 2'500, {0x45}, 1);
    w.packet(4, 1'700'000'000'000'001, {0x60}, 1);
    w.packet(5, (uint64_t{1'700'000'000} << 20) + (1 << 18), bytes(20), 20);
  }
  const auto all = drain(tmp.file("mixed.pcapng", w.out));
  CAF_REQUIRE(all.clean());
  CAF_REQUIRE_EQUAL(all.frames.size(), 18u);
  for (size_t i = 0; i < 18; i += 6) {
    const auto* f = &all.frames[i];
    CAF_CHECK(f[0].data == datagram(53));
    CAF_CHECK_EQUAL(f[0].wire, 99u);
    CAF_CHECK_EQUAL(f[0].time_ns, 2'000'001'000);
    CAF_CHECK_EQUAL(f[1].time_ns, 12'000'000'001);
    CAF_CHECK_EQUAL(f[2].time_ns, 1'500'000'000);
    CAF_CHECK_EQUAL(f[3].time_ns, 1'500'000'000);
    CAF_CHECK_EQUAL(f[4].time_ns, 1'700'000'002'000'001'000);
    CAF_CHECK_EQUAL(f[5].time_ns, 1'700'000'000'250'000'000);
    const link_type links[] = {link_type::ethernet, link_type::raw,  link_type::linux_sll,
                               link_type::ipv4,     link_type::ipv6, link_type::linux_sll2};
    for (size_t n = 0; n < 6; ++n)
      CAF_CHECK(f[n].link == links[n]);
  }
}

CAF_TEST(simple and obsolete packet blocks) {
  scratch tmp;
  for (const bool big : {false, true}) {
    capture_writer w{big, {}};
    w.section();
    w.interface(1, -1, 0, 60);
    w.interface(101);
    w.simple_packet(datagram(53, 3), 45);             // 3 bytes of padding
    w.old_packet(1, 7'000'001, ip_datagram(54), 999); // tells a time
    w.simple_packet(bytes(60, 1), 1500);              // cut by the snap length
    const auto all = drain(tmp.file("simple.pcapng", w.out));
    CAF_REQUIRE(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 3u);
    CAF_CHECK(all.frames[0].data == datagram(53, 3));
    CAF_CHECK_EQUAL(all.frames[0].wire, 45u);
    CAF_CHECK_EQUAL(all.frames[0].time_ns, 0);
    CAF_CHECK(all.frames[1].data == ip_datagram(54));
    CAF_CHECK(all.frames[1].link == link_type::raw);
    CAF_CHECK_EQUAL(all.frames[1].wire, 999u);
    CAF_CHECK_EQUAL(all.frames[1].time_ns, 7'000'001'000);
    CAF_CHECK(all.frames[2].data == bytes(60, 1));
    CAF_CHECK_EQUAL(all.frames[2].wire, 1500u);
    CAF_CHECK_EQUAL(all.frames[2].time_ns, 7'000'001'000); // has none: that of the one before
  }
}

CAF_TEST(resolutions from seconds to what no number holds) {
  scratch tmp;
  const auto read = [&](int resolution, uint64_t stamp) {
    capture_writer w;
    w.section();
    w.interface(1, resolution);
    w.packet(0, stamp, datagram(53), 60);
    return drain(tmp.file("clock.pcapng", w.out));
  };
  struct {
    int resolution;
    uint64_t stamp;
    int64_t time_ns;
  } const good[] = {{0, 1'700'000'000, 1'700'000'000'000'000'000},
                    {0x80, 3, 3'000'000'000},
                    {12, 1'234'567'890'123, 1'234'567'890},
                    {19, 10'000'000'000'000'000'000u, 1'000'000'000},
                    {0x80 | 63, uint64_t{1} << 62, 500'000'000}};
  for (const auto& each : good) {
    const auto all = read(each.resolution, each.stamp);
    CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
    CAF_CHECK_EQUAL(all.frames[0].time_ns, each.time_ns);
  }
  for (const int resolution : {20, 127, 0x80 | 64, 0xff}) {
    const auto all = read(resolution, 1);
    CAF_REQUIRE(all.code() == ec::bad_format);
    CAF_CHECK(says(*all.fault, {"clock.pcapng", "block at byte 28 ", "time resolution"}));
  }
}

CAF_TEST(blocks of unknown types are skipped however large they are) {
  scratch tmp;
  for (const bool big : {false, true}) {
    auto w = begun(big);
    w.block(0x0bad, {});
    w.block(5, bytes(5'000'000, 0xff)); // interface statistics, larger than buffer and bound
    w.block(0x80000001, bytes((1u << 20) - 12));
    w.packet(0, 2, datagram(54), 60);
    const auto all = drain(tmp.file("unknown.pcapng", w.out));
    CAF_REQUIRE(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 2u);
    CAF_CHECK(all.frames[1].data == datagram(54));
  }
}

CAF_TEST(a skipped block that is cut tells where it began) {
  scratch tmp;
  auto w = begun();
  const size_t at = w.out.size();
  w.block(0x0bad, bytes(3'000'000));
  w.out.resize(at + 2'500'000);
  const auto all = drain(tmp.file("skipped.pcapng", w.out));
  CAF_CHECK(!all.fault);
  CAF_CHECK_EQUAL(all.frames.size(), 1u);
  CAF_REQUIRE_EQUAL(all.warnings.size(), 1u);
  CAF_CHECK(says(all.warnings[0], "ends at byte " + std::to_string(w.out.size()) + ","));
  CAF_CHECK(says(all.warnings[0], "began at byte " + std::to_string(at) + ";"));
}

CAF_TEST(a file cut at any byte gives its whole frames and names the byte) {
  scratch tmp;
  std::vector<size_t> ends, boundaries;
  const bytes whole = small_pcapng(&ends, &boundaries);
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto all = drain(
      tmp.file("cut", bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut))));
    if (cut < 4) {
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

CAF_TEST(lengths that no block has end the file with the byte) {
  scratch tmp;
  for (const uint32_t type : {6u, 0x0badu, 1u})
    for (const uint32_t length : {0u, 5u, 8u, 33u, 0xffffffffu}) {
      auto w = begun();
      const size_t at = w.out.size();
      w.u32s({type, length});
      w.text(bytes(100));
      check_bad(tmp, w, at, "length");
    }
  auto huge = begun(); // a packet, so it can't be skipped
  const size_t at = huge.out.size();
  huge.u32s({6, 0x10000000});
  huge.text(bytes(100));
  check_bad(tmp, huge, at, "more than any packet");
}

CAF_TEST(a block that contradicts itself ends the file with the byte) {
  scratch tmp;
  const auto bad = [&](uint32_t type, const bytes& content, const char* words) {
    auto w = begun();
    const size_t at = w.out.size();
    w.block(type, content);
    w.packet(0, 2, datagram(54), 60);
    check_bad(tmp, w, at, words);
  };
  capture_writer claims;
  claims.u32s({0, 0, 0, 9, 9, 1, 2}); // 9 captured bytes, 8 there
  bad(6, claims.out, "fewer bytes");
  bad(2, claims.out, "fewer bytes");
  claims.out.assign(20, 0xff);
  bad(6, claims.out, "fewer bytes"); // 2^32-1 captured
  bad(6, bytes(16), "too short");
  bad(2, bytes(16), "too short");
  bad(3, {}, "too short");
  bad(1, bytes(4), "too short");
  capture_writer section;
  section.u32s({0x1a2b3c4d, 1});
  bad(0x0a0d0d0a, section.out, "too short");
  bad(0x0a0d0d0a, bytes(16, 0x55), "byte order");

  auto w = begun();
  const size_t at = w.out.size();
  w.packet(0, 2, datagram(54), 60);
  w.out[w.out.size() - 4] ^= 4;
  check_bad(tmp, w, at, "another length at its end");
}

CAF_TEST(a section of another version is refused) {
  scratch tmp;
  capture_writer w;
  w.section(2);
  const auto all = drain(tmp.file("two.pcapng", w.out));
  CAF_REQUIRE(all.fault.has_value());
  CAF_CHECK(says(*all.fault, {"two.pcapng", "expected 1.x"}));
}

CAF_TEST(packets need an interface of their own section) {
  scratch tmp;
  auto w = begun();
  size_t at = w.out.size();
  w.packet(1, 2, datagram(54), 60);
  check_bad(tmp, w, at, "interface that was not described");

  w = begun();
  w.section(); // forgets the interfaces
  at = w.out.size();
  w.packet(0, 2, datagram(54), 60);
  check_bad(tmp, w, at, "interface that was not described");

  w = begun();
  w.section();
  at = w.out.size();
  w.simple_packet(datagram(54), 60);
  check_bad(tmp, w, at, "interface that was not described");
}

CAF_TEST(an interface that nobody can decode ends the file only if it is its first) {
  scratch tmp;
  capture_writer w;
  w.section();
  w.interface(127);
  w.interface(1);
  w.packet(0, 1, bytes(20), 20);
  w.packet(1, 1, datagram(53), 60);
  const auto none = drain(tmp.file("radio.pcapng", w.out));
  CAF_REQUIRE(none.code() == ec::unsupported);
  CAF_CHECK(says(*none.fault, {"radio.pcapng", "link type 127 ", "Ethernet (1)"}));

  w = begun();
  w.interface(127);
  w.packet(1, 1, bytes(20), 20);
  w.packet(0, 1, datagram(54), 60);
  for (const char* filter :
       {"", "udp"}) { // what can't be decoded is counted there, not hidden here
    const auto all = drain(tmp.file("second.pcapng", w.out), filter);
    CAF_CHECK(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 3u);
    CAF_CHECK(!supported(all.frames[1].link));
    CAF_CHECK_EQUAL(all.counters.filtered, 0u);
  }
}

CAF_TEST(the options of an interface are read no further than they go) {
  scratch tmp;
  const bytes endings[] = {{9, 0, 200, 0},            // longer than the block
                           {9, 0, 2, 0, 9, 9, 0, 0},  // a size that the option does not have
                           {14, 0, 8, 0, 1, 0, 0, 0}, // cut
                           {0, 0, 0, 0, 9, 0, 1, 0, 3, 0, 0, 0},  // after the end of options
                           {1, 0, 3, 0, 'a', 'b', 'c', 0, 9, 0}}; // half an option
  for (const bytes& options : endings) {
    capture_writer w;
    w.section();
    bytes content{1, 0, 0, 0, 0, 0, 0, 0};
    content.insert(content.end(), options.begin(), options.end());
    w.block(1, content);
    w.packet(0, 5, datagram(53), 60);
    const auto all = drain(tmp.file("options.pcapng", w.out));
    CAF_CHECK(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
    CAF_CHECK_EQUAL(all.frames[0].time_ns, 5000);
  }
}

CAF_TEST(interfaces without end do not fill the memory) {
  scratch tmp;
  capture_writer w;
  w.section();
  for (int i = 0; i < 65536; ++i)
    w.interface(1);
  w.packet(65535, 1, datagram(53), 60);
  CAF_CHECK_EQUAL(drain(tmp.file("many.pcapng", w.out)).frames.size(), 1u);
  w.interface(1);
  const auto all = drain(tmp.file("more.pcapng", w.out));
  CAF_CHECK(all.code() == ec::bad_format);
  CAF_CHECK_EQUAL(all.frames.size(), 1u);
}

CAF_TEST(frames across the ends of the buffer and frames larger than it are whole) {
  scratch tmp;
  for (const bool big : {false, true}) {
    capture_writer w{big, {}};
    w.section();
    w.interface(1, 9);
    std::vector<bytes> contents;
    std::mt19937 random{7};
    for (uint32_t i = 0; i < 400; ++i) {
      const size_t size = i == 100 ? (1u << 20) + 1 : i == 200 ? 1u << 22 : random() % 20'011;
      contents.push_back(noise(size, i));
      w.packet(0, i, contents.back(), static_cast<uint32_t>(size + i));
      if (i % 50 == 0)
        w.block(0x0bad, bytes(random() % 3'000'000));
    }
    const auto all = drain(tmp.file("large.pcapng", w.out), "", 64);
    CAF_REQUIRE(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), contents.size());
    size_t wrong = 0;
    for (size_t i = 0; i < contents.size(); ++i)
      wrong += all.frames[i].data != contents[i] || all.frames[i].wire != contents[i].size() + i
               || all.frames[i].time_ns != static_cast<int64_t>(i);
    CAF_CHECK_EQUAL(wrong, 0u);
  }
}

CAF_TEST(damaged files never do more than fail) {
  memory_file file;
  std::mt19937 random{2};
  size_t bad = 0;
  for (int i = 0; i < 5000; ++i) {
    bytes content = small_pcapng();
    for (int n = 0; n <= i % 4; ++n)
      content[random() % content.size()] = static_cast<uint8_t>(random());
    const auto all = drain(file.holding(content), i % 2 == 0 ? "" : "udp");
    CAF_REQUIRE(all.frames.size() <= content.size() / 12);
    bad += all.clean() ? 0 : 1;
  }
  CAF_CHECK(bad > 500u);
  CAF_CHECK(bad < 5000u);
}
