#define CAF_SUITE lua_describe

#include "lua/describe.hpp"

#include "tests/suite.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace flowactors;

namespace {

// Compares a committed file with what the list of fields gives. With FLOWACTORS_ACCEPT set it is
// written anew.
void check_file(const std::string& name, const std::string& fields) {
  const auto path = std::filesystem::path{FLOWACTORS_SOURCE_DIR} / name;
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::string made = with_fields(text, fields);
  if (std::getenv("FLOWACTORS_ACCEPT") != nullptr)
    std::ofstream{path, std::ios::binary} << made;
  CAF_CHECK_NOT_EQUAL(text.find(fields), std::string::npos);
  CAF_CHECK(made == text);
}

} // namespace

CAF_TEST(the description of the fields is the list of the fields) {
  check_file("docs/scripting.md", describe_fields());
  check_file("scripts/types/flowactors.lua", annotate_fields());
}

CAF_TEST(fields replace what stands between the marks) {
  CAF_CHECK_EQUAL(with_fields("a\n-- BEGIN fields\nold\nold\n-- END fields\nb\n", "new\n"),
                  "a\n-- BEGIN fields\nnew\n-- END fields\nb\n");
  CAF_CHECK_EQUAL(with_fields("none", "new"), "none");
}
