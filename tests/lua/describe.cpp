#define CAF_SUITE lua_describe

#include "lua/describe.hpp"

#include "lua/script_vm_impl.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

std::string read_file(const std::string& name) {
  std::ifstream file{std::filesystem::path{FLOWACTORS_SOURCE_DIR} / name, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// What a script's chunk writes.
std::string written_by(const std::string& text) {
  script_tree tree;
  tree.write("a.lua", text + "\nreturn {}");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK(aut.vm->load_faults().empty());
  return aut.said.written;
}

// The texts between `before` and `behind`, in one line each.
std::vector<std::string> found_between(std::string_view text, std::string_view before,
                                       std::string_view behind) {
  std::vector<std::string> out;
  for (size_t at = text.find(before); at != text.npos; at = text.find(before, at + 1)) {
    const size_t from = at + before.size(), end = text.find(behind, from);
    if (end != text.npos && end <= text.find('\n', from))
      out.emplace_back(text.substr(from, end - from));
  }
  return out;
}

struct helper {
  const char* name;
  const char* object;   ///< in the types
  const char* in_words; ///< in docs/helpers.md
};

constexpr helper helpers[] = {{"window_counter", "counter", "c"},
                              {"distinct", "set_of_values", "d"},
                              {"top_k", "top", "t"},
                              {"expiring_set", "seen", "s"},
                              {"expiring_map", "map", "m"},
                              {"prefix_set", "networks", "p"}};

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

CAF_TEST(the types have every function that scripts find) {
  const std::string types = read_file("scripts/types/flowactors.lua");
  const std::string names = written_by(R"(
for _, title in ipairs {"ntop", "interface", "json", "log", "flow"} do
  for name in pairs(_G[title]) do io.write(title, ".", name, "\n") end
end
for name, value in pairs(_G) do
  local lua = " assert collectgarbage dofile error getfenv getmetatable ipairs load loadfile loadstring module newproxy next pairs pcall print "
    .. "rawequal rawget rawset require select setfenv setmetatable tonumber tostring type unpack xpcall "
  if type(value) == "function" and not lua:find(" " .. name .. " ", 1, true) then io.write(name, "\n") end
end
)");
  CAF_CHECK_NOT_EQUAL(names.find("ntop.getCache\n"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(names.find("top_k\n"), std::string::npos);
  for (const std::string& name : found_between("\n" + names, "\n", "\n"))
    if (!name.empty() && types.find("\nfunction " + name + "(") == std::string::npos)
      CAF_ERROR("not in the types: " << name);
}

CAF_TEST(the types have no function that scripts do not find) {
  const std::string types = read_file("scripts/types/flowactors.lua");
  for (const char* title : {"ntop", "interface", "json", "log"})
    for (const std::string& name :
         found_between(types, std::string{"\nfunction "} + title + ".", "("))
      CAF_CHECK_EQUAL(
        written_by(std::string{"io.write(tostring(rawget("} + title + ", '" + name + "') ~= nil))"),
        "true");
}

CAF_TEST(the types and the documentation have the methods of the helpers) {
  const std::string types = read_file("scripts/types/flowactors.lua"),
                    words = read_file("docs/helpers.md");
  for (const auto& [name, object, in_words] : helpers) {
    const auto typed = found_between(types, std::string{"\nfunction "} + object + ":", "(");
    CAF_CHECK_GREATER(typed.size(), 4u);
    std::string check = std::string{"local o = "} + name + "()\n";
    for (const std::string& method : typed)
      check += "io.write(type(o." + method + "), ' ')\n";
    std::string functions;
    for (size_t i = 0; i < typed.size(); ++i)
      functions += "function ";
    CAF_CHECK_EQUAL(written_by(check), functions);
    const size_t begin = words.find(std::string{"\n## "} + name + "\n");
    CAF_REQUIRE_NOT_EQUAL(begin, std::string::npos);
    const std::string chapter = words.substr(begin, words.find("\n## ", begin + 1) - begin);
    const auto told = found_between(chapter, std::string{"`"} + in_words + ":", "(");
    CAF_CHECK_EQUAL(std::set<std::string>(told.begin(), told.end()),
                    std::set<std::string>(typed.begin(), typed.end()));
  }
}

CAF_TEST(the types and the documentation have every callback and hook) {
  const std::string types = read_file("scripts/types/flowactors.lua"),
                    words = read_file("docs/scripting.md");
  std::vector<std::string> names{callback_names.begin(), callback_names.end()};
  names.insert(names.end(), hook_names.begin(), hook_names.end());
  for (const std::string& name : names) {
    CAF_CHECK_NOT_EQUAL(types.find("\n---@field " + name + "? fun("), std::string::npos);
    CAF_CHECK_NOT_EQUAL(words.find("\n- `" + name + "("), std::string::npos);
  }
}
