#include "bench/callback_cases.hpp"

#include "bench/script_tree.hpp"

#include <algorithm>
#include <regex>

namespace flowactors::bench {

namespace {

// The script of a callback `flowProtocolDetected` with that parameter and body.
std::string script_of(const char* parameter, const char* body) {
  return std::string{
           "local callbacks = {}\nlocal sum, last = 0\n"
           "function callbacks.flowProtocolDetected("}
         + parameter + ")\n" + body + "\nend\nreturn callbacks\n";
}

// `flow.srv_port` becomes `flow.srv_port()`, and the parameter goes.
std::string without_argument(const std::string& text) {
  static const std::regex parameter{R"(\(flow\))"}, field{R"(flow\.([a-z_]+)\b(?!\())"};
  return std::regex_replace(std::regex_replace(text, parameter, "()"), field, "flow.$1()");
}

benched_script for_both(const std::string& text) {
  return {text, without_argument(text)};
}

constexpr char numbers[] =
  "sum = sum + flow.srv_port + flow.cli_port + flow.bytes + flow.packets + flow.last_seen";
constexpr char texts[] =
  "sum = sum + flow.srv_port + flow.bytes + flow.last_seen + #flow.proto + #flow.server_name";
constexpr char methods[] =
  "sum = sum + flow.getNdpiProtoId() + flow.getFirstSeen() + "
  "flow.getLastSeen() + #flow.getNdpiProto() + #flow.getServerName()";

} // namespace

std::vector<callback_case> callback_cases() {
  constexpr call_targets empty{40, 15, 5}, fields{60, 20, 10}, dump{800, 500, 500};
  const std::string everything = script_of("", "last = flow.dump()");
  std::vector<callback_case> out{
    {"empty", for_both(script_of("", "")), flow_mix::mixed, empty, 5},
    {"five fields, numbers", for_both(script_of("flow", numbers)), flow_mix::tls, fields, 0},
    {"five fields, two texts", for_both(script_of("flow", texts)), flow_mix::tls, fields, 0},
    {"five methods of 2017", for_both(script_of("", methods)), flow_mix::tls, fields, 0}};
  const std::pair<const char*, flow_mix> kinds[] = {{"TCP", flow_mix::tcp},
                                                    {"TLS", flow_mix::tls},
                                                    {"HTTP", flow_mix::http},
                                                    {"DNS", flow_mix::dns},
                                                    {"mixed", flow_mix::mixed}};
  for (const auto& [name, mix] : kinds)
    out.push_back({std::string{"dump, "} + name, for_both(everything), mix, dump, 0});
  return out;
}

std::vector<benched_script> realistic_scripts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<benched_script> out;
  for (const auto& file : files)
    out.push_back(for_both(text_of_file(file)));
  return out;
}

} // namespace flowactors::bench
