#include "actors/script_new.hpp"

#include "actors/command_line.hpp"
#include "outputs/report.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace flowactors {

namespace {

namespace fs = std::filesystem;

constexpr const char* skeleton =
  R"~lua~(-- What this script does. docs/scripting.md has every callback, hook, field and function.
---@type callbacks
local M = {}

-- The first packet of a flow; its protocol is not known yet.
-- function M.flowCreate(flow)
-- end

-- Its protocol is known.
function M.flowProtocolDetected(flow)
  emit{client = flow.cli_ip, server = flow.srv_ip, port = flow.srv_port, proto = flow.proto}
end

-- Every update interval while it lives.
-- function M.flowUpdate(flow)
-- end

-- Its end; flow.end_reason says why.
-- function M.flowDelete(flow)
-- end

-- What is to outlive a reload (SIGHUP).
-- function M.save() return {} end
-- function M.restore(saved) end

return M
)~lua~";

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "flowactors new: %s\n", what.c_str());
  return code;
}

bool is_name(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

int write_skeleton(const fs::path& root, const std::string& context, std::string name) {
  if (name.ends_with(".lua"))
    name.resize(name.size() - 4);
  for (const auto& word : {context, name})
    if (!is_name(word))
      return complain("found '" + word + "', expected letters, digits and _", 2);
  const fs::path folder = root / "callbacks" / "user_scripts" / context;
  if (!fs::is_directory(folder))
    return complain("found no context '" + context + "': there is no folder " + folder.string()
                      + "; make it, and for any but inline a section [context." + context + "]",
                    2);
  const fs::path file = folder / (name + ".lua");
  if (fs::exists(file))
    return complain("there is a script " + file.string() + " already; nothing was changed", 2);
  if (const auto written = write_whole(file.string(), skeleton); !written)
    return complain(written.failure().what, 1);
  return std::printf("%s\n", file.c_str()) > 0 ? 0 : 1;
}

} // namespace

int make_script(int argc, const char* const* argv) {
  std::error_code failure;
  std::string root = shipped_scripts(fs::read_symlink("/proc/self/exe", failure)).string();
  std::string context;
  std::string name;
  CLI::App app("Writes a commented skeleton of a script.", "flowactors new");
  app.set_help_flag("-h,--help", "Print this and exit.");
  app.add_option("CONTEXT", context, "Whose folder it goes to: inline, or that of a context.")
    ->required();
  app.add_option("NAME", name, "Its name, without .lua.")->required();
  app.add_option("--root", root, "The folder of scripts (default: that of this program).")
    ->type_name("DIR");
  // CLI11 speaks in exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return std::fputs(app.help().c_str(), stdout) >= 0 ? 0 : 1;
  } catch (const CLI::ParseError& wrong) {
    return complain(wrong.what() + std::string{"\nflowactors new --help shows all options."}, 2);
  }
  return write_skeleton(root, context, name);
}

} // namespace flowactors
