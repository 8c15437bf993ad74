#define CAF_SUITE outputs_report
#include "outputs/report.hpp"

#include "outputs/summary.hpp"
#include "tests/suite.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace flowactors;

namespace {

namespace fs = std::filesystem;

struct fixture {
  fixture() {
    std::string pattern = fs::temp_directory_path() / "flowactors-report-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~fixture() { fs::remove_all(folder); }

  static std::string text(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }

  fs::path folder;
};

report some() {
  report out;
  out.packets.seen = 5;
  out.packets.decoded = 3;
  out.packets.undecoded = {{"not_ip", 2}, {"truncated_ip", 0}};
  out.protocols = {{"DNS", 1, 100, 1}, {"TLS", 2, 3000, 1}};
  out.ledger = {
    {"packets decoded", {{"seen", 5}}, {{"decoded", 3}, {"not_ip", 2}, {"truncated_ip", 0}}}};
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(report_tests, fixture)

CAF_TEST(an equation holds when its sums are equal) {
  auto r = some();
  CAF_CHECK(r.balanced());
  CAF_CHECK_EQUAL(r.ledger[0].text(), "packets decoded: seen 5 = decoded 3 + not_ip 2");
  r.ledger[0].right[0].second = 4;
  CAF_CHECK(!r.balanced());
  CAF_CHECK_EQUAL(r.ledger[0].text(), "packets decoded: seen 5 != decoded 4 + not_ip 2");
}

CAF_TEST(the summary shows the equation that does not hold) {
  auto r = some();
  CAF_CHECK_NOT_EQUAL(summary(r, false).find("ledger: balanced, 1 equations\n"), std::string::npos);
  r.ledger[0].left[0].second = 6;
  CAF_CHECK_NOT_EQUAL(summary(r, false).find("seen 6 != decoded 3 + not_ip 2"), std::string::npos);
}

CAF_TEST(the summary is aligned and has no colours where they are not wanted) {
  const auto text = summary(some(), false);
  CAF_CHECK_EQUAL(text.find('\x1b'), std::string::npos);
  CAF_CHECK_NOT_EQUAL(text.find("  protocol  packets   share   bytes  flows\n"
                                "  TLS             2  66.7 %  3.0 kB      1\n"
                                "  DNS             1  33.3 %   100 B      1\n"),
                      std::string::npos);
  CAF_CHECK_NOT_EQUAL(summary(some(), true).find("\x1b[1m"), std::string::npos);
}

CAF_TEST(names that are not text do not break the JSON) {
  auto r = some();
  r.callbacks = {{"\xff.lua", "flowCreate", 1, 0, 1, 1, 1, 1, 0, {}}};
  CAF_CHECK_NOT_EQUAL(to_json(r).find("\xef\xbf\xbd.lua"), std::string::npos);
}

CAF_TEST(a file is replaced as a whole and keeps its mode) {
  const auto path = folder / "report.json";
  std::ofstream(path) << "old";
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  CAF_CHECK(static_cast<bool>(write_whole(path.string(), "new\n")));
  CAF_CHECK_EQUAL(text(path), "new\n");
  struct stat status {};
  CAF_REQUIRE_EQUAL(::stat(path.c_str(), &status), 0);
  CAF_CHECK_EQUAL(status.st_mode & 0777u, 0600u);
  CAF_CHECK_EQUAL(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

CAF_TEST(a link stays a link) {
  std::ofstream(folder / "real") << "old";
  fs::create_symlink("real", folder / "link");
  CAF_CHECK(static_cast<bool>(write_whole((folder / "link").string(), "new")));
  CAF_CHECK(fs::is_symlink(folder / "link"));
  CAF_CHECK_EQUAL(text(folder / "real"), "new");
}

CAF_TEST(errors name the file and the way out) {
  const auto full = write_whole("/dev/full", "x");
  CAF_REQUIRE(!full);
  CAF_CHECK_EQUAL(
    full.failure().what,
    "/dev/full: can't be written: No space left on device; name another file, or - for standard output");
  const auto missing = write_whole((folder / "no" / "file").string(), "x");
  CAF_REQUIRE(!missing);
  CAF_CHECK_EQUAL(missing.failure().code, ec::not_found);
  const auto directory = write_whole(folder.string(), "x");
  CAF_REQUIRE(!directory);
  CAF_CHECK_EQUAL(directory.failure().code, ec::wrong_kind);
}

CAF_TEST_FIXTURE_SCOPE_END()
