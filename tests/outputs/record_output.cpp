#define CAF_SUITE outputs_record_output
#include "outputs/record_output.hpp"

#include "tests/outputs/records.hpp"
#include "tests/suite.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

using namespace flowactors;
using turn = record_output::turn;

namespace {

/// An output on a clock of its own.
struct fixture : scratch_folder {
  fixture() { before = std::signal(SIGPIPE, SIG_IGN); }
  ~fixture() {
    for (const int fd : fds)
      ::close(fd);
    std::signal(SIGPIPE, before);
  }

  void make(std::unique_ptr<record_sink> sink) {
    queue = std::make_shared<record_queue>(record_queue_options{}, nullptr);
    output = std::make_unique<record_output>(queue, std::move(sink), nullptr, uint16_t{0});
  }

  void put(size_t first, size_t last) {
    auto batch = numbered(first, last);
    queue->put(batch);
  }

  /// Works until there is nothing to do now.
  turn work() {
    for (int i = 0; i < 10'000; ++i)
      if (const auto next = output->work(now); next.next != turn::kind::again)
        return next;
    CAF_FAIL("the output never rests");
    return {};
  }

  /// Lets time pass until it tries again.
  void pass(turn next) {
    CAF_REQUIRE(next.next == turn::kind::later);
    CAF_REQUIRE_LESS_OR_EQUAL(next.delay.count(), 5000);
    now += next.delay;
  }

  int listen(const std::string& at) {
    const int fd = own(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    at.copy(to.sun_path, sizeof(to.sun_path) - 1);
    CAF_REQUIRE_EQUAL(::bind(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    CAF_REQUIRE_EQUAL(::listen(fd, 4), 0);
    return fd;
  }

  int own(int fd) {
    CAF_REQUIRE_GREATER_OR_EQUAL(fd, 0);
    fds.push_back(fd);
    return fd;
  }

  static std::string read_some(int fd, size_t most = 1 << 20) {
    std::string out(most, '\0');
    const ssize_t n = ::read(fd, out.data(), out.size());
    out.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return out;
  }

  uint64_t lost(record_loss why) { return queue->counters().lost_by(why); }

  void (*before)(int);
  std::vector<int> fds;
  std::shared_ptr<record_queue> queue;
  std::unique_ptr<record_output> output;
  record_output::clock::time_point now = record_output::clock::now();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(record_output_tests, fixture)

CAF_TEST(records come to the file in order and are counted) {
  make(make_file_sink({path("out"), 0, 0}));
  CAF_REQUIRE(static_cast<bool>(output->open(now)));
  put(0, 3);
  put(3, 5);
  CAF_CHECK(work().next == turn::kind::idle);
  CAF_CHECK_EQUAL(numbers_in(text(path("out"))), (std::vector<size_t>{0, 1, 2, 3, 4}));
  CAF_CHECK_EQUAL(queue->counters().written, 5u);
  CAF_CHECK_EQUAL(queue->counters().bytes, text(path("out")).size());
  CAF_CHECK(output->take_news().empty());
}

CAF_TEST(nothing is lost over files that are put aside) {
  make(make_file_sink({path("out"), 500, 100}));
  CAF_REQUIRE(static_cast<bool>(output->open(now)));
  put(0, 100);
  work();
  CAF_CHECK_GREATER(queue->counters().files, 10u);
  std::string all;
  for (auto n = queue->counters().files; n > 0; --n)
    all += text(path("out." + std::to_string(n)));
  all += text(path("out"));
  const auto numbers = numbers_in(all);
  CAF_REQUIRE_EQUAL(numbers.size(), 100u);
  for (size_t i = 0; i < numbers.size(); ++i)
    CAF_CHECK_EQUAL(numbers[i], i);
}

CAF_TEST(a device that is full is told once and tried again with ever more time between) {
  make(make_file_sink({"/dev/full", 0, 0}));
  CAF_REQUIRE(static_cast<bool>(output->open(now)));
  put(0, 3);
  std::vector<int64_t> delays;
  for (int i = 0; i < 8; ++i) {
    const auto next = work();
    delays.push_back(next.delay.count());
    pass(next);
  }
  CAF_CHECK_EQUAL(delays, (std::vector<int64_t>{200, 400, 800, 1600, 3200, 5000, 5000, 5000}));
  const auto news = output->take_news();
  CAF_REQUIRE_EQUAL(news.size(), 1u);
  CAF_CHECK(news[0].trouble);
  CAF_CHECK_EQUAL(queue->counters().waiting, 3u);
  output->close(record_loss::write_error);
  CAF_CHECK_EQUAL(lost(record_loss::write_error), 3u);
  CAF_CHECK_EQUAL(queue->counters().waiting, 0u);
  CAF_CHECK(work().next == turn::kind::idle);
}

CAF_TEST(a socket is waited for and found again) {
  make(make_socket_sink(path("s")));
  CAF_CHECK(!output->open(now));
  put(0, 3);
  pass(work());
  const int first = listen(path("s"));
  CAF_CHECK(work().next == turn::kind::idle);
  int peer = own(::accept(first, nullptr, nullptr));
  CAF_CHECK_EQUAL(numbers_in(read_some(peer)), (std::vector<size_t>{0, 1, 2}));
  ::shutdown(peer, SHUT_RDWR);
  std::filesystem::remove(path("s"));
  put(3, 5);
  pass(work());
  const int second = listen(path("s"));
  auto next = work();
  while (next.next == turn::kind::later) {
    pass(next);
    next = work();
  }
  peer = own(::accept(second, nullptr, nullptr));
  CAF_CHECK_EQUAL(numbers_in(read_some(peer)), (std::vector<size_t>{3, 4}));
  CAF_CHECK_EQUAL(queue->counters().written, 5u);
  const auto news = output->take_news();
  CAF_REQUIRE_EQUAL(news.size(), 4u); // away and back, twice
  CAF_CHECK(news[0].trouble && !news[1].trouble && news[2].trouble && !news[3].trouble);
}

CAF_TEST(a line that a broken connection cut comes again whole) {
  make(make_socket_sink(path("s")));
  const int first = listen(path("s"));
  CAF_REQUIRE(static_cast<bool>(output->open(now)));
  const int peer = own(::accept(first, nullptr, nullptr));
  put(0, 20'000); // more than a socket holds
  while (queue->counters().written == 0 || output->moved() == 0)
    output->work(now);
  for (int i = 0; i < 50; ++i)
    output->work(now); // as much as goes in
  const auto before = queue->counters().written;
  CAF_REQUIRE_LESS(before, 20'000u);
  ::shutdown(peer, SHUT_RDWR);
  pass(work());
  output->work(now); // connects again
  const int other = own(::accept(first, nullptr, nullptr));
  std::string all;
  while (queue->counters().waiting != 0) {
    output->work(now);
    all += read_some(other);
  }
  const auto numbers = numbers_in(all);
  CAF_REQUIRE(!numbers.empty());
  CAF_CHECK_EQUAL(numbers.front(), before);
  CAF_CHECK_EQUAL(numbers.back(), 19'999u);
  CAF_CHECK_EQUAL(numbers.size(), 20'000 - before);
  CAF_CHECK_EQUAL(queue->counters().written, 20'000u);
}

CAF_TEST(a FIFO without a reader is waited for) {
  CAF_REQUIRE_EQUAL(::mkfifo(path("f").c_str(), 0600), 0);
  make(make_file_sink({path("f"), 0, 0}));
  CAF_CHECK(!output->open(now));
  put(0, 3);
  pass(work());
  const int reader = own(::open(path("f").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  work();
  CAF_CHECK_EQUAL(numbers_in(read_some(reader)), (std::vector<size_t>{0, 1, 2}));
}

CAF_TEST(a pipe whose reader is gone is given up) {
  int ends[2];
  CAF_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
  own(ends[1]);
  make(make_stream_sink(ends[1], "standard output"));
  CAF_REQUIRE(static_cast<bool>(output->open(now)));
  put(0, 3);
  work();
  CAF_CHECK_EQUAL(numbers_in(read_some(ends[0])), (std::vector<size_t>{0, 1, 2}));
  ::close(ends[0]);
  put(3, 5);
  CAF_CHECK(work().next == turn::kind::idle);
  put(5, 9);
  CAF_CHECK_EQUAL(lost(record_loss::reader_gone), 6u);
  CAF_CHECK_EQUAL(queue->counters().written, 3u);
}

CAF_TEST(an output that can not be written is opened anew by itself) {
  make(make_file_sink({path("no/out"), 0, 0}));
  CAF_CHECK(!output->open(now));
  put(0, 3);
  pass(work());
  std::filesystem::create_directory(path("no"));
  CAF_CHECK(work().next == turn::kind::idle);
  CAF_CHECK_EQUAL(numbers_in(text(path("no/out"))).size(), 3u);
  CAF_CHECK_EQUAL(queue->counters().retries, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
