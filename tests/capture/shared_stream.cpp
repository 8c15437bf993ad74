#define CAF_SUITE capture_shared_stream
#include "capture/shared_stream.hpp"

#include "capture/shared_paths.hpp"
#include "tests/capture/capture_files.hpp"
#include "tests/suite.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <numeric>
#include <thread>

using namespace flowactors;

namespace {

/// What a reader has had: the last byte of each frame (its number), and how they were cut.
struct had {
  std::vector<uint32_t> numbers;
  std::vector<size_t> bursts;
  std::vector<std::string> faults;
  source_counters counters;
  bool operator==(const had& other) const {
    return numbers == other.numbers && bursts == other.bursts && faults == other.faults;
  }
};

uint32_t number_of(const frame& f) {
  uint32_t out;
  std::memcpy(&out, f.data + f.captured - sizeof(out), sizeof(out));
  return out;
}

/// A capture of so many frames of many sizes; each bears its number at its end.
bytes numbered(size_t count, uint32_t first = 0) {
  capture_writer file;
  file.pcap_header(pcap_micro, 1);
  std::mt19937 random{1};
  for (uint32_t i = first; i < first + count; ++i) {
    bytes content(60 + random() % 3000, static_cast<uint8_t>(i));
    std::memcpy(content.data() + content.size() - sizeof(i), &i, sizeof(i));
    file.record(i / 1000, i % 1000, content, static_cast<uint32_t>(content.size()));
  }
  return file.out;
}

void take(source& from, had& into, std::atomic<uint64_t>* pace = nullptr) {
  std::array<frame, 64> out;
  while (!from.at_end()) {
    auto n = from.read(out);
    if (!n) {
      into.faults.push_back(n.failure().what);
      continue;
    }
    if (*n != 0)
      into.bursts.push_back(*n);
    for (const frame& f : std::span(out).first(*n))
      into.numbers.push_back(number_of(f));
    if (pace != nullptr)
      pace->fetch_add(*n);
  }
  into.counters = from.counters();
}

had alone(const std::string& path, const std::string& filter = "") {
  had out;
  auto from = open_path(path, filter);
  CAF_REQUIRE(from);
  take(**from, out);
  return out;
}

/// All paths, by so many readers in threads of their own.
std::vector<had> together(shared_paths& paths, size_t count, size_t readers) {
  std::vector<had> out(readers);
  std::vector<std::thread> threads;
  for (size_t r = 0; r < readers; ++r)
    threads.emplace_back([&, r] {
      for (size_t path = 0; path < count;) {
        auto from = paths.open(path, r);
        path += !from || *from != nullptr;
        if (!from)
          out[r].faults.push_back(from.failure().what);
        else if (*from != nullptr)
          take(**from, out[r]);
      }
    });
  for (auto& each : threads)
    each.join();
  return out;
}

/// The readers' sources of one file, taken in turns in this thread.
struct turns {
  explicit turns(const std::string& path, size_t readers = 2) : paths({path}, "", readers) {
    for (size_t r = 0; r < readers; ++r) {
      auto from = paths.open(0, r);
      CAF_REQUIRE(from);
      CAF_REQUIRE(*from != nullptr);
      sources.push_back(std::move(*from));
    }
  }
  size_t read(size_t r) {
    std::array<frame, 64> out;
    auto n = sources[r]->read(out);
    CAF_REQUIRE(n);
    return *n;
  }
  /// Until nothing comes.
  size_t read_all(size_t r) {
    size_t sum = 0;
    while (const size_t n = read(r))
      sum += n;
    return sum;
  }
  shared_paths paths;
  std::vector<std::unique_ptr<source>> sources;
};

} // namespace

CAF_TEST(each reader gets what one alone would get) {
  memory_file file;
  const auto path = file.holding(numbered(20'000));
  const auto one = alone(path);
  CAF_REQUIRE_EQUAL(one.numbers.size(), 20'000u);
  for (const size_t readers : {1u, 2u, 5u}) {
    shared_paths paths({path}, "", readers);
    for (const auto& each : together(paths, 1, readers)) {
      CAF_CHECK(each == one);
      CAF_CHECK_EQUAL(each.counters.handed_out, one.counters.handed_out);
      CAF_CHECK_EQUAL(each.counters.bytes, one.counters.bytes);
    }
  }
}

CAF_TEST(a filter is asked once and its bursts stay) {
  scratch tmp;
  capture_writer writer;
  writer.pcap_header(pcap_micro, 1);
  for (uint32_t i = 0; i < 5000; ++i)
    writer.record(1, i, datagram(static_cast<uint16_t>(i % 7), 4 + i % 50), 100);
  const auto path = tmp.file("a.pcap", writer.out);
  const auto one = alone(path, "udp port 3 or udp port 4");
  CAF_REQUIRE_GREATER(one.numbers.size(), 1000u);
  shared_paths paths({path}, "udp port 3 or udp port 4", 3);
  uint64_t filtered = 0;
  for (const auto& each : together(paths, 1, 3)) {
    CAF_CHECK(each == one);
    filtered += each.counters.filtered;
  }
  CAF_CHECK_EQUAL(filtered, one.counters.filtered);
}

CAF_TEST(paths follow one another and each fault comes to one reader) {
  scratch tmp;
  std::vector<std::string> names;
  had one;
  for (uint32_t i = 0; i < 12; ++i) {
    names.push_back(tmp.file(std::to_string(i) + ".pcap", numbered(i * 50, i * 1000)));
    const auto more = alone(names.back());
    one.numbers.insert(one.numbers.end(), more.numbers.begin(), more.numbers.end());
  }
  names.insert(names.begin() + 3, tmp.path("nowhere.pcap"));
  auto broken = numbered(10, 50'000);
  broken.resize(broken.size() + 16, 0xff); // a record of 4 GB
  names.push_back(tmp.file("broken.pcap", broken));
  for (uint32_t i = 50'000; i < 50'010; ++i)
    one.numbers.push_back(i);
  shared_paths paths(names, "", 3);
  std::vector<std::string> faults;
  for (const auto& each : together(paths, names.size(), 3)) {
    CAF_CHECK(each.numbers == one.numbers);
    faults.insert(faults.end(), each.faults.begin(), each.faults.end());
  }
  std::ranges::sort(faults);
  CAF_REQUIRE_EQUAL(faults.size(), 2u);
  CAF_CHECK_NOT_EQUAL(faults[0].find("broken.pcap"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(faults[1].find("nowhere.pcap"), std::string::npos);
}

CAF_TEST(a warning is told once) {
  scratch tmp;
  bytes cut = numbered(100);
  cut.erase(cut.end() - 5, cut.end());
  turns aut(tmp.file("cut.pcap", cut));
  CAF_CHECK_EQUAL(aut.read_all(0), 99u);
  CAF_CHECK_EQUAL(aut.read_all(1), 99u);
  CAF_CHECK(aut.sources[0]->at_end());
  CAF_CHECK(aut.sources[1]->at_end());
  CAF_CHECK_EQUAL(aut.sources[1]->take_warnings().size(), 1u);
  CAF_CHECK_EQUAL(aut.sources[0]->take_warnings().size(), 0u);
}

CAF_TEST(a reader waits for one that is a ring behind) {
  memory_file file;
  turns aut(file.holding(numbered(30'000)));
  const size_t ahead = aut.read_all(0);
  CAF_CHECK_GREATER(ahead, 1000u);
  CAF_CHECK_LESS(ahead, 10'000u);
  CAF_CHECK(!aut.sources[0]->at_end());
  CAF_CHECK_EQUAL(aut.read(0), 0u);
  CAF_CHECK_EQUAL(aut.read(1), 64u);
  size_t first = ahead, second = 64;
  while (!aut.sources[0]->at_end() || !aut.sources[1]->at_end()) {
    first += aut.read(0);
    second += aut.read(1);
  }
  CAF_CHECK_EQUAL(first, 30'000u);
  CAF_CHECK_EQUAL(second, 30'000u);
}

CAF_TEST(nobody waits for a reader that left) {
  memory_file file;
  turns aut(file.holding(numbered(30'000)), 3);
  CAF_CHECK_EQUAL(aut.read(1), 64u);
  aut.sources[1] = nullptr;
  aut.paths.leave(2); // without closing what it reads
  CAF_CHECK_EQUAL(aut.read_all(0), 30'000u);
  CAF_CHECK(aut.sources[0]->at_end());
}

CAF_TEST(after a stop all readers come to the same end) {
  memory_file file;
  turns aut(file.holding(numbered(30'000)), 3);
  size_t first = 0;
  while (first < 500)
    first += aut.read(0);
  size_t second = aut.read(1);
  aut.paths.stop();
  first += aut.read_all(0);
  second += aut.read_all(1);
  CAF_CHECK_LESS(first, 10'000u);
  CAF_CHECK_EQUAL(second, first);
  CAF_CHECK_EQUAL(aut.read_all(2), first);
  for (const auto& each : aut.sources)
    CAF_CHECK(each->at_end());
}

CAF_TEST(a path that nobody opened before a stop is empty) {
  scratch tmp;
  const auto path = tmp.file("a.pcap", numbered(10));
  shared_paths paths({path, path}, "", 2);
  auto first = paths.open(0, 0);
  CAF_REQUIRE(first);
  paths.stop();
  std::array<frame, 64> out;
  const size_t got = (*first)->read(out).value();
  CAF_CHECK_EQUAL(got, 0u);
  CAF_CHECK((*first)->at_end());
  auto next = paths.open(1, 0);
  CAF_REQUIRE(next);
  CAF_CHECK((*next)->at_end());
}

CAF_TEST(a reader is not many paths ahead of others) {
  scratch tmp;
  std::vector<std::string> names(20, tmp.file("a.pcap", numbered(10)));
  shared_paths paths(names, "", 2);
  size_t opened = 0;
  for (; opened < names.size(); ++opened) {
    auto from = paths.open(opened, 0);
    CAF_REQUIRE(from);
    if (*from == nullptr)
      break;
  }
  CAF_CHECK_LESS(opened, 10u);
  CAF_REQUIRE(paths.open(0, 1));
  auto from = paths.open(opened, 0);
  CAF_REQUIRE(from);
  CAF_CHECK(*from != nullptr);
}

CAF_TEST(what is written to a FIFO comes to all at once and who waits can be woken) {
  scratch tmp;
  const auto path = tmp.path("fifo");
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  shared_paths paths({path}, "", 2);
  std::array<std::atomic<uint64_t>, 2> pace{};
  std::array<had, 2> seen;
  std::array<std::unique_ptr<source>, 2> sources;
  for (size_t r = 0; r < 2; ++r)
    sources[r] = paths.open(0, r).value();
  std::vector<std::thread> threads;
  for (size_t r = 0; r < 2; ++r)
    threads.emplace_back([&, r] { take(*sources[r], seen[r], &pace[r]); });
  std::ofstream writer{path, std::ios::binary};
  const auto content = numbered(30);
  writer.write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
  writer.flush();
  for (const auto& each : pace)
    while (each < 30)
      std::this_thread::yield();
  for (const auto& each : sources)
    each->interrupt(); // nothing is lost by it
  paths.stop();        // though the writer is still there
  for (auto& each : threads)
    each.join();
  CAF_CHECK_EQUAL(seen[0].numbers.size(), 30u);
  CAF_CHECK(seen[0] == seen[1]);
}
