// A script that calls what scripts are given, with arguments of every kind, over flows of every
// kind: values or Lua errors, never a crash; memory within its bound; every call and every message
// accounted for.
#include "lua/script_vm.hpp"
#include "tests/fuzz/choices.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

using namespace flowactors;
using fuzz::choices;

namespace {

constexpr const char* hooks[] = {"flowCreate", "flowProtocolDetected",
                                 "flowUpdate", "flowDelete",
                                 "setup",      "tick",
                                 "teardown",   "save",
                                 "restore",    "message"};

constexpr const char* functions[] = {"flow.dump",
                                     "flow.copy",
                                     "flow.getNdpiProto",
                                     "flow.getNdpiProtoId",
                                     "flow.getNdpiCategory",
                                     "flow.getFirstSeen",
                                     "flow.getLastSeen",
                                     "flow.getServerName",
                                     "flow.getHTTPUrl",
                                     "flow.getHTTPContentType",
                                     "emit",
                                     "send",
                                     "log.debug",
                                     "log.info",
                                     "log.error",
                                     "now",
                                     "print",
                                     "io.write",
                                     "json.encode",
                                     "json.decode",
                                     "window_counter",
                                     "distinct",
                                     "top_k",
                                     "expiring_set",
                                     "expiring_map",
                                     "prefix_set",
                                     "ntop.getDirs",
                                     "ntop.getInfo",
                                     "ntop.isdir",
                                     "ntop.exists",
                                     "ntop.fileLastChange",
                                     "ntop.getservbyport",
                                     "ntop.inet_ntoa",
                                     "ntop.getNetworkNameById",
                                     "ntop.getResolvedName",
                                     "ntop.syslog",
                                     "ntop.getCache",
                                     "ntop.setCache",
                                     "ntop.delCache",
                                     "ntop.getHashCache",
                                     "ntop.setHashCache",
                                     "ntop.delHashCache",
                                     "ntop.getHashKeysCache",
                                     "ntop.getHashAllCache",
                                     "ntop.lpushCache",
                                     "ntop.lpopCache",
                                     "ntop.lrangeCache",
                                     "ntop.setMembersCache",
                                     "ntop.getMembersCache",
                                     "ntop.delMembersCache",
                                     "ntop.getKeysCache",
                                     "ntop.nothing",
                                     "interface.getnDPIProtoName",
                                     "interface.getnDPIProtoId",
                                     "interface.getnDPIProtoBreed",
                                     "interface.nothing",
                                     "tostring",
                                     "pairs",
                                     "next",
                                     "rawset",
                                     "rawget",
                                     "setmetatable",
                                     "getmetatable",
                                     "setfenv",
                                     "getfenv",
                                     "load",
                                     "loadfile",
                                     "require",
                                     "module",
                                     "debug.getinfo",
                                     "string.format",
                                     "table.concat",
                                     "pcall"};

constexpr const char* names[] = {
  "id",   "cli_ip",   "srv_port", "proto",   "risks",        "data",       "copy",
  "dump", "http_url", "srvport",  "tls_sni", "community_id", "ttl",        "window",
  "max",  "k",        "ttl",      "from",    "add",          "count",      "list",
  "save", "n",        "inline",   "__index", "__gc",         "__tostring", "__metatable"};

constexpr const char* values[] = {"nil",
                                  "true",
                                  "false",
                                  "0",
                                  "-1",
                                  "1",
                                  "0.5",
                                  "60",
                                  "1e308",
                                  "-1e308",
                                  "1/0",
                                  "0/0",
                                  "2^31",
                                  "2^53",
                                  "-2^63",
                                  "1LL",
                                  "flow",
                                  "f",
                                  "flow.data",
                                  "kept[1]",
                                  "kept[2]",
                                  "kept",
                                  "print",
                                  "ntop",
                                  "json",
                                  "_G",
                                  "string",
                                  "('x'):rep(70000)",
                                  "coroutine.create(print)",
                                  "setmetatable({}, {__index = error, __tostring = error})",
                                  "setmetatable({}, {__metatable = 1})",
                                  "function(...) return flow, ... end"};

std::string quoted(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\%03u", static_cast<unsigned char>(c));
    out += escaped;
  }
  return out + "\"";
}

std::string value(choices& from, int depth) {
  switch (from.below(depth < 3 ? 6 : 4)) {
    case 0:
    case 1:
      return from.one_of(values);
    case 2:
      return quoted(from.one_of(names));
    case 3:
      return quoted(from.bytes());
    case 4: {
      std::string out = "{";
      for (size_t i = from.below(4); i > 0; --i) {
        out += from.below(2) == 0 ? from.one_of(names) + std::string{" = "} : "";
        out += value(from, depth + 1) + ", ";
      }
      return out + "}";
    }
    default:
      return "f[" + value(from, depth + 1) + "]";
  }
}

std::string arguments(choices& from) {
  std::string out;
  for (size_t i = from.below(5); i > 0; --i)
    out += (out.empty() ? "" : ", ") + value(from, 0);
  return out;
}

std::string statement(choices& from) {
  const std::string place = "kept[" + std::to_string(1 + from.below(4)) + "]";
  switch (from.below(6)) {
    case 0:
    case 1:
      return place + " = " + from.one_of(functions) + "(" + arguments(from) + ")";
    case 2:
      return "f.data[" + value(from, 0) + "] = " + value(from, 0);
    case 3:
      return "f[" + value(from, 0) + "] = " + value(from, 0);
    case 4:
      return "local object = " + place + " " + place + " = object." + from.one_of(names)
             + "(object, " + value(from, 0) + ")";
    default:
      return place + " = " + value(from, 0);
  }
}

std::string script(choices& from) {
  std::string out =
    "local M, kept = {interval = 1}, {}\n"
    "local function try(work, f) return pcall(work, f) end\n";
  for (const char* hook : hooks) {
    out += std::string{"function M."} + hook + "(f)\n";
    for (size_t i = from.below(5); i > 0; --i)
      out += "  try(function(f) " + statement(from) + " end, f)\n";
    out += from.below(3) == 0 ? "  " + statement(from) + "\n" : "";
    out += std::strcmp(hook, "save") == 0 ? "  do return {kept[1], kept[2]} end\n" : "";
    out += "end\n";
  }
  return out + "return M\n";
}

flow_record flow_of(choices& from, uint64_t number) {
  static constexpr uint8_t protocols[] = {6, 17, 1, 58, 0, 132, 255};
  flow_record flow{};
  flow.id = number;
  flow.slot = static_cast<uint32_t>(from.below(3));
  flow.ip_version = from.below(2) == 0 ? 4 : 6;
  flow.protocol = from.one_of(protocols);
  flow.app_protocol = static_cast<uint16_t>(from.below(256) * 3);
  flow.master_protocol = static_cast<uint16_t>(from.below(6));
  flow.category = static_cast<uint8_t>(from.below(256));
  flow.confidence = static_cast<uint8_t>(from.below(8));
  flow.risk = uint64_t{from.below(256)} << from.below(64);
  flow.client_port = static_cast<uint16_t>(from.below(256) * 257);
  flow.client.packets = from.below(256);
  flow.client.bytes = uint64_t{from.below(256)} << from.below(56);
  flow.state = static_cast<uint8_t>(from.below(8));
  flow.tls_version = static_cast<uint16_t>(from.below(2) * 0x0303);
  flow.http_status = static_cast<uint16_t>(from.below(256) * 3);
  flow.client_network = static_cast<int16_t>(from.below(3)) - 1;
  flow.text = static_cast<uint32_t>(from.below(2));
  flow.first_seen_ns = 1'500'000'000'000'000'000;
  flow.last_seen_ns = flow.first_seen_ns + static_cast<int64_t>(from.below(256)) * 100'000'000;
  return flow;
}

// Block 1 of an arena, with a few texts.
const char* arena() {
  static std::vector<char> bytes(16 + sizeof(flow_text));
  if (bytes.size() == 16 + sizeof(flow_text)) {
    flow_text head{};
    const auto put = [](flow_text_span& span, std::string_view text) {
      span = {static_cast<uint16_t>(bytes.size() - 16), static_cast<uint16_t>(text.size())};
      bytes.insert(bytes.end(), text.begin(), text.end());
    };
    put(head.server_name, "www.example.org");
    put(head.tls_sni, "example.org");
    put(head.http_url, "www.example.org/a?b=\xff");
    put(head.dns_query, std::string_view{"a\0b", 3});
    head.size = static_cast<uint32_t>(bytes.size() - 16);
    std::memcpy(bytes.data() + 16, &head, sizeof(head));
  }
  return bytes.data();
}

// The folder of scripts, one for the process; it stays behind when the fuzzer ends at once.
const std::filesystem::path& root() {
  static const std::filesystem::path made = [] {
    char name[] = "/tmp/flowactors-fuzz-XXXXXX";
    const std::filesystem::path top = mkdtemp(name);
    std::filesystem::create_directories(top / "callbacks/user_scripts/inline");
    std::filesystem::create_directories(top / "lua/modules");
    std::atexit([] {
      std::error_code ignored;
      std::filesystem::remove_all(root(), ignored);
    });
    return top;
  }();
  return made;
}

const catalog& known_names() {
  static const catalog all{{"Unknown", "HTTP", "DNS", "TLS", "SMTP", "SSH"},
                           {"Unrated", "Acceptable", "Acceptable", "Safe", "Potentially Dangerous"},
                           {"Unspecified", "Web", "Email"},
                           {"Unrated"},
                           {"Unknown", "DPI"},
                           {"", "Known risk"},
                           {"10.0.0.0/8"}};
  return all;
}

void require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::unique_ptr<script_vm> machine(choices& from, const std::filesystem::path& file) {
  script_vm_options options;
  options.root = root();
  options.files = {file};
  options.jit = jit_mode::off; // what it compiles is not instrumented by the sanitizers
  options.names = &known_names();
  options.text_arena = arena();
  options.compat_names = from.below(2) == 0 ? name_age::current : name_age::of_year_2017;
  options.limits.deadline = std::chrono::seconds(5);
  options.limits.memory = 32u << 20;
  auto made = script_vm::make(options);
  require(static_cast<bool>(made), "a machine can be made");
  for (const auto& fault : (*made)->load_faults())
    std::fprintf(stderr, "%s\n", fault.what.c_str());
  require((*made)->load_faults().empty(), "the script loads");
  return std::move(*made);
}

void check(const script_vm& vm) {
  require(vm.memory() <= (33u << 20), "memory is bounded");
  const message_counts& messages = vm.messages();
  require(messages.sent
            == std::accumulate(messages.ended.begin(), messages.ended.end(), messages.waiting),
          "messages are accounted for");
  for (const auto& costs : vm.costs())
    for (size_t k = 0; k < event_kind_count; ++k)
      if (costs.callback == hooks[k])
        require(costs.calls + costs.suspended == vm.handled(static_cast<event_kind>(k)),
                "calls are accounted for");
  require(vm.data_faults() == 0, "data of flows is dropped");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  choices from{data, size};
  const auto file = root() / "callbacks/user_scripts/inline/script.lua";
  std::ofstream{file, std::ios::binary} << script(from);
  auto vm = machine(from, file);
  vm->begin();
  int64_t now_ns = 1'500'000'000'000'000'000;
  uint64_t number = 0;
  for (int round = 0; round < 3; ++round) {
    flow_record flow = flow_of(from, ++number);
    for (size_t k = 0; k < event_kind_count; ++k) {
      flow.end = k + 1 == event_kind_count ? 1 : 0;
      vm->handle(static_cast<event_kind>(k), flow, now_ns);
    }
    now_ns += static_cast<int64_t>(from.below(3)) * 1'000'000'000;
    vm->flush(now_ns);
  }
  const auto saved = vm->save();
  auto next = machine(from, file);
  next->begin(saved);
  vm->end();
  next->end();
  check(*vm);
  check(*next);
  return 0;
}
