#include "config/check.hpp"

#include "config/endpoint.hpp"
#include "config/ini.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

namespace flowactors {

namespace {

namespace fs = std::filesystem;

std::string text_of(std::chrono::nanoseconds time) {
  return format_quantity(static_cast<uint64_t>(time.count()), duration_units());
}

bool unwraps(const settings& values, const char* tunnel) {
  return std::ranges::count(values.decode.tunnels, tunnel) > 0;
}

/// What is wrong with a folder, empty if nothing is.
std::string folder_trouble(const fs::path& path) {
  std::error_code failure;
  const auto status = fs::status(path, failure);
  if (status.type() == fs::file_type::not_found)
    return "does not exist";
  if (failure)
    return failure.message();
  return fs::is_directory(status) ? "" : "not a folder";
}

std::string input_trouble(const std::string& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure))
    return "a folder";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr)
    return errno == ENOENT ? "does not exist" : std::strerror(errno);
  std::fclose(file);
  return {};
}

void check_output(std::vector<contradiction>& out, const std::string& section, const char* key,
                  const std::string& path, bool dash) {
  if (path.empty() || (dash && path == "-"))
    return;
  const auto folder = fs::path(path).parent_path();
  const auto trouble = folder_trouble(folder);
  std::error_code failure;
  if (!trouble.empty())
    out.push_back(
      {section,
       key,
       show(path),
       "a file in a folder that exists (" + show(folder.string()) + ": " + trouble + ")",
       {}});
  else if (fs::is_directory(path, failure))
    out.push_back({section, key, show(path) + " (a folder)", "a file", {}});
}

constexpr size_t most_outputs = 64;
constexpr size_t longest_socket_path = 107; // sockaddr_un, with a zero behind it

/// Where an output goes, as messages name it.
std::string place_of(const settings::output_section& output) {
  return output.kind == "stdout" ? "standard output"
                                 : show(output.kind == "node" ? output.at : output.path);
}

constexpr size_t longest_to_node = 4u << 20; // what a letter has room for

std::string endpoint_trouble(const settings& values, const std::string& text);

/// Likewise, of one that is at another node.
void check_elsewhere(std::vector<contradiction>& out, const std::string& section,
                     const settings& values, const settings::output_section& output) {
  const auto blame = [&](const char* key, std::string found, std::string expected,
                         std::vector<std::string> others) {
    out.push_back({section, key, std::move(found), std::move(expected), std::move(others)});
  };
  if (output.kind != "node") {
    if (!output.at.empty())
      blame("at", show(output.at), "no node, since kind = " + output.kind, {section + ".kind"});
    return;
  }
  if (!output.path.empty())
    blame("path", show(output.path), "no path, since kind = node", {section + ".kind"});
  if (output.max_record > longest_to_node)
    blame("max_record", std::to_string(output.max_record) + " bytes",
          "at most 4MiB, since kind = node", {section + ".kind"});
  if (const auto trouble = endpoint_trouble(values, output.at); !trouble.empty())
    blame("at", show(output.at), trouble, {section + ".kind", "node.insecure"});
  else if (output.at == values.node.listen)
    blame("at", show(output.at) + " (this node itself)", "another node", {"node.listen"});
}

/// What is wrong with an output by itself; empty `expected` if nothing is.
void check_place(std::vector<contradiction>& out, const std::string& section,
                 const settings::output_section& output) {
  const auto blame = [&](std::string expected) {
    out.push_back({section, "path", show(output.path), std::move(expected), {section + ".kind"}});
  };
  if (output.kind == "node")
    return;
  if (output.kind == "stdout")
    return output.path.empty() ? void() : blame("no path, since kind = stdout");
  if (output.path.empty())
    return blame(output.kind == "unix" ? "the path of the socket"
                                       : "the path of the file, or kind = stdout");
  if (output.kind == "file")
    return check_output(out, section, "path", output.path, false);
  if (output.path.size() > longest_socket_path)
    blame("at most " + std::to_string(longest_socket_path) + " bytes, since kind = unix");
}

void check_outputs(std::vector<contradiction>& out, const settings& values) {
  std::map<std::string, std::string> taken; // place -> section
  for (const auto& [name, output] : values.outputs) {
    const auto section = "output." + name;
    check_place(out, section, output);
    check_elsewhere(out, section, values, output);
    const auto [other, fresh] = taken.emplace(place_of(output), section);
    if (!fresh && output.kind != "node") // there, the name says which
      out.push_back({section,
                     output.kind == "stdout" ? "kind" : "path",
                     place_of(output),
                     "another place than that of [" + other->second + "]",
                     {section + ".kind", other->second + ".kind", other->second + ".path"}});
  }
  if (values.outputs.size() > most_outputs)
    out.push_back({"output." + values.outputs.rbegin()->first,
                   "kind",
                   std::to_string(values.outputs.size()) + " outputs",
                   "at most " + std::to_string(most_outputs),
                   {}});
}

constexpr size_t longest_node_name = 64;
constexpr size_t most_nodes = 64;

/// What is wrong with a place where a node listens, or is called.
std::string endpoint_trouble(const settings& values, const std::string& text) {
  const auto parsed = parse_endpoint(text);
  if (!parsed)
    return parsed.failure().what;
  const auto local = is_loopback(parsed.value());
  if (!local)
    return "a host that is known (" + local.failure().what + ")";
  if (!local.value() && !values.node.insecure && values.node.certificate.empty())
    return "an address of this machine's loopback, or [node] certificate, key and authority, or "
           "insecure = true";
  return {};
}

void check_node(std::vector<contradiction>& out, const settings& values) {
  const auto& node = values.node;
  const auto blame = [&](const char* key, std::string found, std::string expected,
                         std::vector<std::string> others) {
    out.push_back({"node", key, std::move(found), std::move(expected), std::move(others)});
  };
  const auto plain = [](char c) { return c > ' ' && c < 127; };
  if (node.name.size() > longest_node_name || !std::ranges::all_of(node.name, plain))
    blame("name", show(node.name), "at most 64 printable ASCII characters without blanks", {});
  if (node.timeout < 2 * node.heartbeat)
    blame("timeout", show(text_of(node.timeout)),
          "at least twice heartbeat (" + text_of(node.heartbeat) + ")", {"node.heartbeat"});
  const bool some = !node.certificate.empty() || !node.key.empty() || !node.authority.empty();
  for (const auto& [key, path] : {std::pair{"certificate", &node.certificate},
                                  {"key", &node.key},
                                  {"authority", &node.authority}}) {
    if (some && path->empty())
      blame(key, "nothing", "all three of certificate, key and authority, or none of them",
            {"node.certificate", "node.key", "node.authority"});
    else if (const auto trouble = some ? input_trouble(*path) : ""; !trouble.empty())
      blame(key, show(*path) + " (" + trouble + ")", "a file that can be read", {});
  }
  if (some && node.insecure)
    blame("insecure", "true", "false, as there is a certificate", {"node.certificate"});
  if (node.listen.empty())
    return;
  if (const auto trouble = endpoint_trouble(values, node.listen); !trouble.empty())
    blame("listen", show(node.listen), trouble, {"node.insecure"});
}

/// The nodes of a context.
void check_places(std::vector<contradiction>& out, const settings& values,
                  const std::string& section, const std::vector<std::string>& at) {
  const auto blame = [&](std::string found, std::string expected, std::vector<std::string> others) {
    out.push_back({section, "at", std::move(found), std::move(expected), std::move(others)});
  };
  if (at.size() > most_nodes)
    blame(std::to_string(at.size()) + " nodes", "at most " + std::to_string(most_nodes), {});
  for (size_t i = 0; i < at.size(); ++i) {
    if (const auto trouble = endpoint_trouble(values, at[i]); !trouble.empty())
      blame(show(at[i]), trouble, {"node.insecure"});
    else if (at[i] == values.node.listen)
      blame(show(at[i]) + " (this node itself)", "another node, or no place at all",
            {"node.listen"});
  }
}

constexpr size_t most_contexts = 256;

void check_contexts(std::vector<contradiction>& out, const settings& values) {
  for (const auto& [name, context] : values.contexts) {
    const auto section = "context." + name;
    if (name == "inline")
      out.push_back({section,
                     "shards",
                     "the name of the scripts in the capture ([inline])",
                     "another name",
                     {}});
    check_places(out, values, section, context.at);
    if (context.batch > context.lane)
      out.push_back({section,
                     "batch",
                     show(std::to_string(context.batch)),
                     "at most lane (" + std::to_string(context.lane) + ")",
                     {section + ".lane"}});
  }
  if (values.contexts.size() > most_contexts)
    out.push_back({"context." + values.contexts.rbegin()->first,
                   "shards",
                   std::to_string(values.contexts.size()) + " contexts",
                   "at most " + std::to_string(most_contexts),
                   {}});
}

} // namespace

std::vector<contradiction> check_settings(const settings& values) {
  std::vector<contradiction> out;
  const auto& flows = values.flows;
  const bool both = flows.idle_after.count() > 0 && flows.closed_after.count() > 0;
  if (both && flows.closed_after > flows.idle_after)
    out.push_back({"flows",
                   "closed_after",
                   show(text_of(flows.closed_after)),
                   "at most idle_after (" + text_of(flows.idle_after) + ")",
                   {"flows.idle_after"}});
  const auto& decode = values.decode;
  if (unwraps(values, "vxlan") && unwraps(values, "gtp") && decode.vxlan_port == decode.gtp_port)
    out.push_back({"decode",
                   "gtp_port",
                   show(std::to_string(decode.gtp_port)),
                   "another port than vxlan_port, since both tunnels are unwrapped",
                   {"decode.vxlan_port", "decode.tunnels"}});
  if (flows.local_networks.size() > INT16_MAX)
    out.push_back({"flows",
                   "local_networks",
                   std::to_string(flows.local_networks.size()) + " networks",
                   "at most " + std::to_string(INT16_MAX),
                   {}});
  if (values.scripts.enabled) {
    if (const auto trouble = folder_trouble(values.scripts.root); !trouble.empty())
      out.push_back({"scripts",
                     "root",
                     show(values.scripts.root) + " (" + trouble + ")",
                     "the folder of the scripts, or [scripts] enabled = false",
                     {"scripts.enabled"}});
  }
  if (values.dpi.enabled && !values.dpi.protocols_file.empty()) {
    if (const auto trouble = input_trouble(values.dpi.protocols_file); !trouble.empty())
      out.push_back({"dpi",
                     "protocols_file",
                     show(values.dpi.protocols_file) + " (" + trouble + ")",
                     "a file that can be read",
                     {"dpi.enabled"}});
  }
  check_output(out, "report", "file", values.report.file, true);
  check_output(out, "log", "file", values.log.file, false);
  check_outputs(out, values);
  check_node(out, values);
  check_contexts(out, values);
  const auto& socket = values.control.socket;
  check_output(out, "control", "socket", socket, false);
  if (socket.size() > longest_socket_path)
    out.push_back({"control",
                   "socket",
                   show(socket),
                   "at most " + std::to_string(longest_socket_path) + " bytes",
                   {}});
  return out;
}

} // namespace flowactors
