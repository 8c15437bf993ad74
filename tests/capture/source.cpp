#define CAF_SUITE capture_source
#include "capture/byte_stream.hpp"
#include "tests/capture/capture_files.hpp"
#include "tests/suite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

using namespace flowactors;
namespace fs = std::filesystem;

namespace {

/// A thread that reads a source until it ends, fails, or somebody interrupts.
class reader {
public:
  explicit reader(source& from) : from_(from), thread_([this] { run(); }) {}
  ~reader() { join(); }

  /// Returns when the thread sleeps in the kernel: it waits for bytes, and does not spin. Or when
  /// it is done, which the caller will see.
  void wait_until_it_waits() const {
    while (!done_ && (thread_id_ == 0 || state() != 'S'))
      std::this_thread::yield();
  }
  const outcome& join() {
    if (thread_.joinable())
      thread_.join();
    return seen_;
  }

private:
  void run() {
    std::array<frame, 7> out;
    thread_id_ = static_cast<int>(syscall(SYS_gettid));
    while (!from_.at_end()) {
      auto got = from_.read(out);
      if (!got) {
        seen_.fault = got.failure();
        break;
      }
      for (size_t i = 0; i < *got; ++i)
        seen_.frames.push_back(
          {{out[i].data, out[i].data + out[i].captured}, out[i].wire, out[i].time_ns, out[i].link});
      if (*got == 0)
        break; // at its end, or interrupted
    }
    seen_.warnings = from_.take_warnings();
    done_ = true;
  }
  char state() const {
    std::ifstream stat{"/proc/self/task/" + std::to_string(thread_id_) + "/stat"};
    std::string text;
    std::getline(stat, text);
    const size_t after = text.rfind(") ");
    return after == std::string::npos ? '?' : text[after + 2];
  }

  source& from_;
  outcome seen_;
  std::atomic<int> thread_id_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

void write_all(int fd, const bytes& content, size_t piece) {
  for (size_t i = 0; i < content.size(); i += piece)
    if (write(fd, content.data() + i, std::min(piece, content.size() - i)) < 0)
      break;
}

std::string one_frame(const scratch& tmp, const std::string& name, uint32_t second) {
  capture_writer w;
  w.pcap_header(pcap_micro, 1);
  w.record(second, 0, datagram(53), 60);
  return tmp.file(name, w.out);
}

/// Standard input, for a while.
struct standard_input {
  explicit standard_input(int fd) : kept(dup(STDIN_FILENO)) { dup2(fd, STDIN_FILENO); }
  ~standard_input() {
    if (kept >= 0) {
      dup2(kept, STDIN_FILENO);
      close(kept);
    } else {
      close(STDIN_FILENO);
    }
  }
  int kept;
};

} // namespace

CAF_TEST(what is no capture is told with the way out) {
  scratch tmp;
  const auto fault_of = [&](const bytes& content) {
    return drain(tmp.file("thing", content)).fault.value_or(error{ec::bad_library, "no fault"});
  };
  struct {
    bytes content;
    ec code;
    const char* words;
  } const cases[] = {
    {{}, ec::truncated, "is empty"},
    {{0xd4, 0xc3, 0xb2}, ec::truncated, "only 3 bytes"},
    {{'h', 'e', 'l', 'l', 'o', '\n'}, ec::bad_format, "68 65 6c 6c"},
    {bytes(100), ec::bad_format, "00 00 00 00"},
    {{0x1f, 0x8b, 8, 0}, ec::unsupported, "zcat"},
    {{0x28, 0xb5, 0x2f, 0xfd}, ec::unsupported, "zstdcat"},
    {{0xfd, '7', 'z', 'X', 'Z', 0}, ec::unsupported, "xzcat"},
    {{'B', 'Z', 'h', '9'}, ec::unsupported, "bzcat"},
  };
  for (const auto& each : cases) {
    const error fault = fault_of(each.content);
    CAF_CHECK(fault.code == each.code);
    CAF_CHECK(says(fault, {tmp.path("thing").c_str(), each.words}));
  }
}

CAF_TEST(what is missing or of another kind) {
  scratch tmp;
  const auto missing = open_path(tmp.path("missing.pcap"), "");
  CAF_REQUIRE(!missing);
  CAF_CHECK(missing.failure().code == ec::not_found);
  CAF_CHECK(says(missing.failure(), tmp.path("missing.pcap")));
  const auto below = open_path(one_frame(tmp, "file", 1) + "/below", "");
  CAF_REQUIRE(!below);
  CAF_CHECK(below.failure().code == ec::wrong_kind);
  const auto folder = byte_stream::open(tmp.root.string());
  CAF_REQUIRE(!folder);
  CAF_CHECK(folder.failure().code == ec::wrong_kind);
  CAF_CHECK(says(folder.failure(), {tmp.root.c_str(), "is a folder"}));
  CAF_CHECK(drain("/dev/null").code() == ec::truncated);
  CAF_CHECK(drain("/dev/zero").code() == ec::bad_format);
}

CAF_TEST(without the right to it nothing is read) {
  scratch tmp;
  const auto path = one_frame(tmp, "one.pcap", 1);
  const auto folder = tmp.path("closed");
  fs::create_directory(folder);
  fs::permissions(path, fs::perms::none);
  fs::permissions(folder, fs::perms::none);
  const pid_t child = fork(); // root may read all, so somebody else has to try
  if (child == 0) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
      _exit(10);
    const auto file_denied = open_path(path, "");
    const auto folder_denied = open_path(folder, "");
    _exit((file_denied || file_denied.failure().code != ec::no_permission
           || !says(file_denied.failure(), {path.c_str(), "right"}))
          | (folder_denied || folder_denied.failure().code != ec::no_permission
             || !says(folder_denied.failure(), {folder.c_str(), "right"}))
              << 1);
  }
  CAF_REQUIRE(child > 0);
  int status = -1;
  waitpid(child, &status, 0);
  CAF_REQUIRE(WIFEXITED(status));
  CAF_CHECK_EQUAL(WEXITSTATUS(status), 0);
}

CAF_TEST(a file tells its name and its progress) {
  const scratch tmp;
  const auto path = tmp.file("three.pcap", small_pcap());
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  source& from = **opened;
  CAF_CHECK_EQUAL(from.name(), path);
  CAF_CHECK(!from.live());
  CAF_CHECK(from.progress().total == small_pcap().size());
  std::array<frame, 2> out;
  CAF_CHECK_EQUAL(taken(from, {}), 0u); // no room, no loss
  CAF_CHECK(!from.at_end());
  CAF_CHECK_EQUAL(taken(from, out), 2u);
  CAF_CHECK(from.progress().done > 24u);
  CAF_CHECK(from.progress().done < from.progress().total);
  CAF_CHECK_EQUAL(taken(from, out), 1u);
  CAF_CHECK_EQUAL(taken(from, out), 0u);
  CAF_CHECK(from.at_end());
  CAF_CHECK(from.progress().done == from.progress().total);
  CAF_CHECK_EQUAL(taken(from, out), 0u);
  CAF_CHECK(from.counters().handed_out == 3u);
}

CAF_TEST(a file that grows gives what it holds when it is read) {
  const scratch tmp;
  const bytes whole = small_pcap();
  const auto path = tmp.file("grows.pcap", bytes(whole.begin(), whole.begin() + 24));
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  tmp.file("grows.pcap", whole);
  const auto all = drain(**opened);
  CAF_CHECK(all.clean());
  CAF_CHECK_EQUAL(all.frames.size(), 3u);
}

CAF_TEST(a filter counts what it refuses) {
  scratch tmp;
  const auto path = tmp.file("three.pcap", small_pcap());
  const auto all = drain(path, "udp dst port 54");
  CAF_CHECK(all.clean());
  CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
  CAF_CHECK(all.frames[0].data == datagram(54, 3));
  CAF_CHECK_EQUAL(all.counters.filtered, 2u);
  CAF_CHECK_EQUAL(all.counters.handed_out, 1u);
  CAF_CHECK_EQUAL(all.counters.bytes, datagram(54, 3).size());
  for (const char* text : {"tcp", "vlan", "vlan 7 and udp", "mpls", "ip6"}) {
    const auto none = drain(path, text);
    CAF_CHECK(none.clean());
    CAF_CHECK_EQUAL(none.counters.filtered, 3u);
  }
}

CAF_TEST(a filter that is none is told with the words of libpcap) {
  scratch tmp;
  const auto path = tmp.file("three.pcap", small_pcap());
  fs::create_directory(tmp.path("folder"));
  one_frame(tmp, "folder/1.pcap", 1);
  CAF_CHECK(check_filter(""));
  CAF_CHECK(check_filter("udp port 53"));
  CAF_CHECK(check_filter("inbound")); // good for an interface
  for (const char* text : {"prot 53", "udp port 99999", "("}) {
    const auto checked = check_filter(text);
    CAF_REQUIRE(!checked);
    CAF_CHECK(checked.failure().code == ec::bad_setting);
    CAF_CHECK(says(checked.failure(), {"'", text, "' is not valid: "}));
    CAF_CHECK(!checked.failure().what.ends_with(": "));
    CAF_CHECK(drain(path, text).code() == ec::bad_setting);
    CAF_CHECK(drain(tmp.path("folder"), text).code() == ec::bad_setting);
  }
  for (const char* text : {"inbound", "udp and not outbound"}) {
    const auto all = drain(path, text);
    CAF_REQUIRE(all.code() == ec::bad_setting);
    CAF_CHECK(says(*all.fault, {path.c_str(), text, "only packets from an interface"}));
  }
}

CAF_TEST(a filter works on every link type) {
  scratch tmp;
  const std::pair<link_type, bytes> heads[] = {
    {link_type::null, {2, 0, 0, 0}},
    {link_type::ethernet, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}},
    {link_type::ppp, {0xff, 3, 0, 0x21}},
    {link_type::ppp_hdlc, {0xff, 3, 0, 0x21}},
    {link_type::raw, {}},
    {link_type::cisco_hdlc, {0x0f, 0, 8, 0}},
    {link_type::loop, {0, 0, 0, 2}},
    {link_type::linux_sll, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}},
    {link_type::ipv4, {}},
    {link_type::linux_sll2, {8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}},
  };
  for (const auto& [link, head] : heads) {
    capture_writer w;
    w.pcap_header(pcap_micro, static_cast<uint32_t>(link));
    for (uint16_t port : {53, 54}) {
      bytes content = head;
      const bytes inner = ip_datagram(port);
      content.insert(content.end(), inner.begin(), inner.end());
      w.record(1, 1, content, 60);
    }
    const auto all = drain(tmp.file("link.pcap", w.out), "udp dst port 54");
    CAF_MESSAGE("link type " << static_cast<unsigned>(link));
    CAF_CHECK(all.clean());
    CAF_REQUIRE_EQUAL(all.frames.size(), 1u);
    CAF_CHECK_EQUAL(all.frames[0].data.back(), 54u);
    CAF_CHECK_EQUAL(all.counters.filtered, 1u);
  }
}

CAF_TEST(a filter that does not fit a later link type ends the file after the frames before it) {
  scratch tmp;
  capture_writer w;
  w.section();
  w.interface(1);
  w.interface(101);
  w.packet(0, 1, datagram(53), 60);
  w.packet(0, 1, datagram(53), 60);
  w.packet(1, 1, ip_datagram(53), 40);
  w.packet(0, 1, datagram(53), 60);
  const auto all = drain(tmp.file("links.pcapng", w.out), "ether src 02:00:00:00:00:02");
  CAF_REQUIRE(all.code() == ec::bad_setting);
  CAF_CHECK(says(*all.fault, {"links.pcapng", "ether src"}));
  CAF_CHECK_EQUAL(all.frames.size(), 2u);
  CAF_CHECK_EQUAL(all.counters.handed_out, 2u);
}

CAF_TEST(a folder is read in name order) {
  scratch tmp;
  for (uint8_t i : {3, 1, 2})
    one_frame(tmp, std::to_string(i) + ".pcap", i);
  one_frame(tmp, "4.PCAPNG", 4);
  one_frame(tmp, "5.cap1", 5);
  tmp.file(".hidden.pcap", {'n', 'o'});
  tmp.file("README.txt", {'n', 'o'});
  fs::create_directory(tmp.path("2a.pcap"));
  one_frame(tmp, "2a.pcap/inner.pcap", 9);
  auto opened = open_path(tmp.root.string(), "");
  CAF_REQUIRE(opened);
  source& from = **opened;
  CAF_CHECK_EQUAL(from.name(), tmp.root.string());
  CAF_CHECK(!from.live());
  const auto all = drain(from);
  CAF_REQUIRE(all.clean());
  CAF_REQUIRE_EQUAL(all.frames.size(), 5u);
  for (size_t i = 0; i < 5; ++i)
    CAF_CHECK_EQUAL(all.frames[i].time_ns, static_cast<int64_t>(i + 1) * 1'000'000'000);
  CAF_CHECK_EQUAL(all.counters.handed_out, 5u);
  CAF_CHECK_EQUAL(all.counters.bytes, 5 * datagram(53).size());
  CAF_CHECK(from.progress().done == from.progress().total);
  CAF_CHECK(drain(tmp.root.string(), "tcp").counters.filtered == 5u);
}

CAF_TEST(names that say nothing are all tried) {
  scratch tmp;
  one_frame(tmp, "a", 1);
  one_frame(tmp, "b.dump", 2);
  CAF_CHECK_EQUAL(drain(tmp.root.string()).frames.size(), 2u);
}

CAF_TEST(bad files of a folder are warnings and the rest is read) {
  scratch tmp;
  one_frame(tmp, "1.pcap", 1);
  tmp.file("2.pcap", {'n', 'o', 'p', 'e'});
  bytes cut = small_pcap();
  cut.resize(cut.size() - 1);
  tmp.file("3.pcap", cut);
  capture_writer damaged;
  damaged.pcap_header(pcap_micro, 1);
  damaged.record(1, 1, datagram(53), 60);
  damaged.u32s({1, 1, 0xffffffff, 60});
  damaged.text(bytes(1000));
  tmp.file("4.pcap", damaged.out);
  tmp.file("5.pcap", {});
  one_frame(tmp, "6.pcap", 6);
  auto opened = open_path(tmp.root.string(), "");
  CAF_REQUIRE(opened);
  source& from = **opened;
  std::array<frame, 1> out;
  outcome all;
  uint64_t last = 0;
  size_t frames = 0;
  bool grows = true;
  const uint64_t total = from.progress().total;
  while (!from.at_end()) {
    const auto got = from.read(out);
    CAF_REQUIRE(got);
    frames += got.value();
    const auto now = from.progress();
    grows = grows && now.done >= last && now.done <= now.total && now.total == total;
    last = now.done;
  }
  CAF_CHECK(grows);
  CAF_CHECK_EQUAL(last, total); // what could not be read is done with, too
  CAF_CHECK_EQUAL(frames, 5u);
  CAF_CHECK(from.counters().handed_out == 5u);
  const auto warnings = from.take_warnings();
  CAF_REQUIRE_EQUAL(warnings.size(), 4u);
  for (size_t i = 0; i < 4; ++i)
    CAF_CHECK(says(warnings[i], tmp.path(std::to_string(i + 2) + ".pcap")));
  CAF_CHECK(warnings[0].code == ec::bad_format);
  CAF_CHECK(warnings[1].code == ec::truncated);
  CAF_CHECK(warnings[2].code == ec::bad_format);
  CAF_CHECK(warnings[3].code == ec::truncated);
  CAF_CHECK(from.take_warnings().empty());
}

CAF_TEST(a folder without files is an error) {
  scratch tmp;
  fs::create_directory(tmp.path("inner"));
  tmp.file(".hidden", {});
  const auto all = drain(tmp.root.string());
  CAF_REQUIRE(all.code() == ec::not_found);
  CAF_CHECK(says(*all.fault, tmp.root.string()));
}

CAF_TEST(a fifo is read as its writer writes) {
  scratch tmp;
  const auto path = tmp.path("fifo");
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  for (const bytes& content : {small_pcap(), small_pcapng()})
    for (const size_t piece : {1u, 7u, 100'000u}) {
      auto opened = open_path(path, "");
      CAF_REQUIRE(opened);
      CAF_CHECK((*opened)->progress().total == 0u);
      reader reading{**opened};
      reading.wait_until_it_waits(); // nobody writes yet: that is not the end
      const int out = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      CAF_REQUIRE(out >= 0);
      write_all(out, content, piece);
      close(out);
      const outcome& all = reading.join();
      CAF_CHECK(all.clean());
      CAF_CHECK_EQUAL(all.frames.size(), 3u);
    }
}

CAF_TEST(a fifo that is left in the middle is cut short) {
  scratch tmp;
  const auto path = tmp.path("fifo");
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  reader reading{**opened};
  bytes content = small_pcap();
  content.resize(content.size() - 1);
  const int out = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  write_all(out, content, 10);
  close(out);
  const outcome& all = reading.join();
  CAF_CHECK(!all.fault);
  CAF_CHECK_EQUAL(all.frames.size(), 2u);
  CAF_REQUIRE_EQUAL(all.warnings.size(), 1u);
  CAF_CHECK(says(all.warnings[0], "ends at byte " + std::to_string(content.size()) + ","));
}

CAF_TEST(an interrupt ends the wait for a writer and loses nothing) {
  scratch tmp;
  const auto path = tmp.path("fifo");
  CAF_REQUIRE_EQUAL(mkfifo(path.c_str(), 0600), 0);
  auto opened = open_path(path, "");
  CAF_REQUIRE(opened);
  source& from = **opened;
  { // before anybody wrote
    reader reading{from};
    reading.wait_until_it_waits();
    from.interrupt();
    CAF_CHECK(reading.join().clean());
    CAF_CHECK(reading.join().frames.empty());
    CAF_CHECK(!from.at_end());
  }
  from.interrupt(); // the next one returns at once
  std::array<frame, 7> out;
  CAF_CHECK_EQUAL(taken(from, out), 0u);

  const bytes content = small_pcap();
  const int fifo = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  CAF_REQUIRE(fifo >= 0);
  size_t frames = 0;
  for (const uint8_t byte : content) { // between any two bytes
    CAF_REQUIRE_EQUAL(write(fifo, &byte, 1), 1);
    reader reading{from};
    from.interrupt();
    frames += reading.join().frames.size();
    CAF_REQUIRE(reading.join().clean());
    CAF_REQUIRE(!from.at_end());
  }
  close(fifo);
  while (!from.at_end()) {
    const auto got = from.read(out);
    CAF_REQUIRE(got);
    frames += got.value();
  }
  CAF_CHECK_EQUAL(frames, 3u);
  CAF_CHECK(from.take_warnings().empty());
}

CAF_TEST(standard input from a pipe and from a file) {
  scratch tmp;
  int ends[2];
  CAF_REQUIRE_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  {
    standard_input in{ends[0]};
    close(ends[0]);
    auto opened = open_path("-", "udp dst port 54 or 55");
    CAF_REQUIRE(opened);
    CAF_CHECK_EQUAL((*opened)->name(), "standard input");
    reader reading{**opened};
    reading.wait_until_it_waits();
    write_all(ends[1], small_pcapng(), 3);
    close(ends[1]);
    CAF_CHECK(reading.join().clean());
    CAF_CHECK_EQUAL(reading.join().frames.size(), 2u);
    CAF_CHECK((*opened)->counters().filtered == 1u);
  }
  const int file = open(tmp.file("three.pcap", small_pcap()).c_str(), O_RDONLY | O_CLOEXEC);
  {
    standard_input in{file};
    close(file);
    const auto all = drain("-");
    CAF_CHECK(all.clean());
    CAF_CHECK_EQUAL(all.frames.size(), 3u);
  }
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  standard_input in{nothing};
  close(nothing);
  const auto all = drain("-");
  CAF_REQUIRE(all.code() == ec::truncated);
  CAF_CHECK(says(*all.fault, "standard input is empty"));
}
