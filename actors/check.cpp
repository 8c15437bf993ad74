#include "actors/check.hpp"

#include "actors/node_identity.hpp"
#include "actors/options.hpp"
#include "lua/field_check.hpp"
#include "lua/script_folder.hpp"
#include "nodes/sockets.hpp"

#include <unistd.h>

namespace flowactors {

namespace {

/// Scripts are loaded for the check, and say nothing.
class silent : public script_output {
public:
  void write(std::string_view) noexcept override {}
  void log(level, std::string_view, std::string_view) noexcept override {}
  void fault(std::string_view, std::string_view, std::string_view, uint64_t) noexcept override {}
};

constexpr uint32_t smallest_table = 16;

void check_scripts(script_vm_options options, const tracker& flows,
                   std::vector<std::string>& problems) {
  silent nobody;
  options.names = &flows.names();
  options.text_arena = flows.text_arena();
  options.output = &nobody;
  auto vm = script_vm::make(options);
  if (!vm) {
    problems.push_back(vm.failure().what);
    return;
  }
  for (const auto& fault : (*vm)->load_faults())
    problems.push_back(fault.what);
  for (std::string unknown : (*vm)->unknown_callbacks()) // "a.lua: flowCreated (...)"
    problems.push_back(unknown.insert(unknown.find(": ") + 2, "there is no callback "));
  const auto folder = options.root / "callbacks" / "user_scripts" / options.context;
  for (const auto& file : (*vm)->scripts())
    if (const auto text = read_script(folder / file))
      for (auto& unknown : unknown_fields(file, text.value()))
        problems.push_back(std::move(unknown));
}

std::vector<script_vm_options> every_context(const settings& values) {
  std::vector<script_vm_options> out{script_options_of(values)};
  for (const auto& [name, section] : values.contexts)
    if (section.at.empty()) // the scripts of others are with them
      out.push_back(script_options_of(values, name, section));
  return out;
}

} // namespace

std::vector<std::string> check_run(const settings& values) {
  std::vector<std::string> problems;
  if (auto filter = check_filter(values.capture.filter); !filter)
    problems.push_back(filter.failure().what);
  if (const auto keys = read_credentials(values); !keys)
    problems.push_back("[node] certificate: " + keys.failure().what);
  if (!values.node.listen.empty()) {
    const auto at = parse_endpoint(values.node.listen);
    const auto listener = at ? listen_on(at.value()) : at.failure();
    if (!listener)
      problems.push_back("[node] listen: " + listener.failure().what);
    else
      ::close(listener.value());
  }
  auto options = tracker_options_of(values);
  options.max_flows = smallest_table;
  auto flows = tracker::make(options);
  if (!flows)
    problems.push_back(flows.failure().what);
  else if (values.scripts.enabled)
    for (auto& context : every_context(values))
      check_scripts(std::move(context), **flows, problems);
  return problems;
}

} // namespace flowactors
