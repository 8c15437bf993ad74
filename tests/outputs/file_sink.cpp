#define CAF_SUITE outputs_file_sink
#include "outputs/record_sink.hpp"
#include "tests/outputs/records.hpp"
#include "tests/suite.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

using namespace flowactors;
namespace fs = std::filesystem;
using kind = sink_outcome::kind;

namespace {

struct fixture : scratch_folder {
  std::unique_ptr<record_sink> open(uint64_t rotate = 0, uint32_t keep = 2) {
    auto sink = make_file_sink({path("out"), rotate, keep});
    CAF_REQUIRE(static_cast<bool>(sink->open()));
    return sink;
  }

  /// Writes all, as an output does.
  static size_t write(record_sink& sink, std::string_view lines) {
    size_t aside = 0;
    while (!lines.empty()) {
      const auto out = sink.write(lines);
      CAF_REQUIRE(out.state == kind::took);
      aside += out.aside ? 1 : 0;
      lines.remove_prefix(out.bytes);
    }
    return aside;
  }

  std::string out(const std::string& suffix = "") { return text(path("out" + suffix)); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(file_sink_tests, fixture)

CAF_TEST(a file is appended to) {
  write(*open(), "one\n");
  write(*open(), "two\n");
  CAF_CHECK_EQUAL(out(), "one\ntwo\n");
}

CAF_TEST(a file that would grow too large is put aside and lines stay whole) {
  auto sink = open(10);
  CAF_CHECK_EQUAL(write(*sink, "aaa\nbbb\nccc\nddd\neee\n"), 2u);
  CAF_CHECK_EQUAL(out(), "eee\n");
  CAF_CHECK_EQUAL(out(".1"), "ccc\nddd\n");
  CAF_CHECK_EQUAL(out(".2"), "aaa\nbbb\n");
  CAF_CHECK_EQUAL(write(*sink, "fff\nggg\n"), 1u);
  CAF_CHECK_EQUAL(out(".1"), "eee\nfff\n");
  CAF_CHECK_EQUAL(out(".2"), "ccc\nddd\n");
  CAF_CHECK(!fs::exists(path("out.3")));
}

CAF_TEST(a line longer than a file has one of its own) {
  auto sink = open(10);
  CAF_CHECK_EQUAL(write(*sink, "aaa\n0123456789012345\nbbb\n"), 2u);
  CAF_CHECK_EQUAL(out(".1"), "0123456789012345\n");
  CAF_CHECK_EQUAL(out(), "bbb\n");
}

CAF_TEST(no old file is kept if none shall be) {
  auto sink = open(10, 0);
  write(*sink, "aaa\nbbb\nccc\n");
  CAF_CHECK_EQUAL(out(), "ccc\n");
  CAF_CHECK_EQUAL(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

CAF_TEST(a file that was there counts for the size) {
  std::ofstream(path("out")) << "12345678\n";
  auto sink = open(10);
  CAF_CHECK_EQUAL(write(*sink, "aaa\n"), 1u);
  CAF_CHECK_EQUAL(out(".1"), "12345678\n");
}

CAF_TEST(a file that was moved away is made anew on demand) {
  auto sink = open();
  write(*sink, "one\n");
  fs::rename(path("out"), path("moved"));
  write(*sink, "two\n");
  CAF_REQUIRE(static_cast<bool>(sink->reopen()));
  write(*sink, "three\n");
  CAF_CHECK_EQUAL(text(path("moved")), "one\ntwo\n");
  CAF_CHECK_EQUAL(out(), "three\n");
}

CAF_TEST(what can not be opened keeps the old file) {
  auto sink = open();
  fs::rename(path("out"), path("moved"));
  fs::create_directory(path("out"));
  const auto failed = sink->reopen();
  CAF_REQUIRE(!failed);
  CAF_CHECK_EQUAL(failed.failure().code, ec::wrong_kind);
  write(*sink, "one\n");
  CAF_CHECK_EQUAL(text(path("moved")), "one\n");
}

CAF_TEST(errors name the path) {
  for (const auto* name : {"no/folder/out", "."}) {
    const auto failed = make_file_sink({path(name), 0, 0})->open();
    CAF_REQUIRE(!failed);
    CAF_CHECK_NOT_EQUAL(failed.failure().what.find(path(name)), std::string::npos);
  }
}

CAF_TEST(a disk that is full leaves whole lines) {
  // A limit on the size of files is a disk that is full to the one who writes.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{}, small{};
  CAF_REQUIRE_EQUAL(::getrlimit(RLIMIT_FSIZE, &old), 0);
  auto sink = open();
  small = {10, old.rlim_max};
  CAF_REQUIRE_EQUAL(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto result = sink->write("aaa\nbbb\nccc\nddd\n");
  CAF_REQUIRE_EQUAL(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, before);
  CAF_CHECK(result.state == kind::away);
  CAF_CHECK_EQUAL(result.bytes, 8u);
  CAF_CHECK_NOT_EQUAL(result.what.find("File too large"), std::string::npos);
  CAF_CHECK_EQUAL(out(), "aaa\nbbb\n");
  CAF_REQUIRE(static_cast<bool>(sink->open()));
  write(*sink, "ccc\nddd\n");
  CAF_CHECK_EQUAL(out(), "aaa\nbbb\nccc\nddd\n");
}

CAF_TEST(a device is written as a stream) {
  auto sink = make_file_sink({"/dev/full", 1, 1});
  CAF_REQUIRE(static_cast<bool>(sink->open()));
  const auto result = sink->write("aaa\n");
  CAF_CHECK(result.state == kind::away);
  CAF_CHECK_NOT_EQUAL(result.what.find("/dev/full: No space left"), std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
