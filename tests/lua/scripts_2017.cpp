#define CAF_SUITE lua_scripts_2017
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <algorithm>

using namespace flowactors;
using namespace flowactors::test;

namespace {

const catalog& names() {
  static const catalog all{{"Unknown", "HTTP", "DNS", "TLS"},
                           {"Unrated", "Acceptable", "Acceptable", "Safe"},
                           {"Unspecified", "Web"},
                           {"Unrated"},
                           {"Unknown"},
                           {},
                           {"10.0.0.0/8"}};
  return all;
}

flow_record flow_of(uint8_t client, uint16_t server_port, uint16_t app) {
  flow_record flow{};
  const uint8_t head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  std::memcpy(flow.client_address, head, 12);
  std::memcpy(flow.server_address, head, 12);
  flow.client_address[12] = flow.server_address[12] = 10;
  flow.client_address[15] = client;
  flow.server_address[15] = 200;
  flow.ip_version = 4;
  flow.protocol = 6;
  flow.client_port = 50000;
  flow.server_port = server_port;
  flow.app_protocol = app;
  flow.category = 1;
  flow.client = {10, 1536, 1000};
  flow.server = {5, 3072, 2800};
  flow.first_seen_ns = 1'500'000'000'000'000'000;
  flow.last_seen_ns = flow.first_seen_ns + 61'000'000'000;
  return flow;
}

std::filesystem::path sample(const char* name) {
  return std::filesystem::path{FLOWACTORS_SOURCE_DIR} / "tests/lua/scripts" / name;
}

// Runs one of the sample scripts over three flows from creation to end, with the JIT on and off.
std::string played(const char* name, std::string* logged = nullptr) {
  std::string written[2], lines[2];
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    const size_t which = mode == jit_mode::on ? 0 : 1;
    script_tree tree;
    std::filesystem::copy(sample(name), tree.inline_folder() / name);
    const one_text text{{&flow_text::server_name, "example.org"},
                        {&flow_text::http_method, "GET"},
                        {&flow_text::http_url, "example.org/index.html"},
                        {&flow_text::http_content_type, "text/html"}};
    running aut{tree, mode, &names(), text.arena()};
    CAF_REQUIRE(aut.vm != nullptr);
    for (const auto& fault : aut.vm->load_faults())
      CAF_ERROR(fault.what);
    flow_record flows[] = {flow_of(1, 80, 1), flow_of(2, 53, 2), flow_of(1, 443, 3)};
    flows[0].text = 1;
    for (const auto kind :
         {event_kind::created, event_kind::detected, event_kind::updated, event_kind::ended})
      for (flow_record& flow : flows)
        aut.run(kind, flow, flow.last_seen_ns);
    for (const auto& fault : aut.said.faults)
      CAF_ERROR(fault.text);
    written[which] = aut.said.written;
    for (const auto& line : aut.said.lines)
      lines[which] += line.text + "\n";
  }
  CAF_CHECK_EQUAL(written[0], written[1]);
  CAF_CHECK_EQUAL(lines[0], lines[1]);
  if (logged != nullptr)
    *logged = lines[0];
  return written[0];
}

} // namespace

CAF_TEST(the example of the documentation of 2017 prints addresses and protocol) {
  // As it says: copy default.lua and replace the callback.
  std::ifstream input{std::filesystem::path{FLOWACTORS_SOURCE_DIR}
                      / "scripts/callbacks/user_scripts/inline/default.lua"};
  std::string text{std::istreambuf_iterator<char>{input}, {}};
  const std::string empty = "function callbacks.flowProtocolDetected()\nend";
  const size_t place = text.find(empty);
  CAF_REQUIRE(place != std::string::npos);
  text.replace(
    place, empty.size(),
    "function callbacks.flowProtocolDetected()\n   local f = flow.dump()\n"
    "   io.write(f[\"cli.ip\"]..\":\"..f[\"cli.port\"]..\" <-> \" ..f[\"srv.ip\"]..\":\"..f[\"srv.port\"]..\" -> \"..f[\"proto.ndpi\"]..\"\\n\")\nend");
  script_tree tree;
  tree.write("my_script.lua", text);
  running aut{tree, jit_mode::automatic, &names()};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  flow_record flow = flow_of(1, 443, 3);
  aut.run(event_kind::detected, flow);
  CAF_CHECK_EQUAL(aut.said.written, "10.0.0.1:50000 <-> 10.0.0.200:443 -> TLS\n");
}

CAF_TEST(protocols are counted) {
  CAF_CHECK_EQUAL(played("count_protocols.lua"), "DNS=1 HTTP=1 TLS=1\n");
}

CAF_TEST(hosts are tracked by client) {
  CAF_CHECK_EQUAL(played("top_clients.lua"), "10.0.0.1 9 KB\n10.0.0.2 4.5 KB\n");
}

CAF_TEST(a log line for each flow that ends) {
  CAF_CHECK_EQUAL(played("flow_log.lua"),
                  "10.0.0.1;50000;10.0.0.200;80;TCP;HTTP;4,608;1 min, 1 sec\n"
                  "10.0.0.2;50000;10.0.0.200;53;TCP;DNS;4,608;1 min, 1 sec\n"
                  "10.0.0.1;50000;10.0.0.200;443;TCP;TLS;4,608;1 min, 1 sec\n");
}

CAF_TEST(HTTP requests are watched by path) {
  CAF_CHECK_EQUAL(played("http_watch.lua"),
                  "GET example.org/index.html text/html\nnot http\nnot http\n");
}

CAF_TEST(dumps are made JSON lines) {
  const std::string lines = played("json_lines.lua");
  CAF_CHECK_EQUAL(std::count(lines.begin(), lines.end(), '\n'), 3);
  CAF_CHECK(lines.find("\"cli.ip\":\"10.0.0.1\"") != std::string::npos);
  CAF_CHECK(lines.find("\"interarrival.cli2srv\":{\"avg\":0,\"max\":0,\"min\":0}")
            != std::string::npos);
}

CAF_TEST(ports that are not usual for a protocol are told) {
  std::string logged;
  played("odd_ports.lua", &logged);
  CAF_CHECK_EQUAL(logged, "DNS on its port\n1.000000\n");
}

CAF_TEST(values go through the cache) {
  CAF_CHECK_EQUAL(played("cache_user.lua"),
                  "seen 2 clients, last 10.0.0.1, queue 443,53,80, set 53/443/80\n");
}

CAF_TEST(names that are not offered are told once and give nothing) {
  std::string logged;
  CAF_CHECK_EQUAL(played("not_offered.lua", &logged), "nilnilnilnil");
  CAF_CHECK_EQUAL(
    logged,
    "ntop.httpGet is not offered; calls to it do nothing\n"
    "interface.getHostInfo is not offered; calls to it do nothing\n"
    "flow.getTos is not offered; calls to it do nothing\n"
    "ntop.getcache is not offered (did you mean getCache?); calls to it do nothing\n");
}

CAF_TEST(names that are not offered can not flood the log nor be long) {
  script_tree tree;
  tree.write("a.lua", R"lua(
return {flowCreate = function(f)
  for k = 1, 1000 do assert(ntop["name" .. k]() == nil) end
  assert(interface[("x"):rep(100000)]() == nil)
  local _, message = pcall(function() return f[("srv_por"):rep(100000)] end)
  io.write(#message < 200 and "short" or "long")
end}
)lua");
  running aut{tree, jit_mode::automatic, &names()};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow = flow_of(1, 80, 1);
  aut.run(event_kind::created, flow);
  for (const auto& fault : aut.said.faults)
    CAF_ERROR(fault.text);
  CAF_CHECK_EQUAL(aut.said.written, "short");
  CAF_CHECK_EQUAL(aut.said.lines.size(), 100u);
}

CAF_TEST(addresses as numbers are those that there are) {
  script_tree tree;
  tree.write("a.lua", R"lua(
return {flowCreate = function()
  io.write(ntop.inet_ntoa(2 ^ 32 - 1), " ", ntop.inet_ntoa("167772161"))
  for _, wrong in ipairs {-1, 2 ^ 32, 2 ^ 53, 0 / 0, 1 / 0} do assert(not pcall(ntop.inet_ntoa, wrong)) end
end}
)lua");
  running aut{tree, jit_mode::automatic, &names()};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record flow = flow_of(1, 80, 1);
  aut.run(event_kind::created, flow);
  for (const auto& fault : aut.said.faults)
    CAF_ERROR(fault.text);
  CAF_CHECK_EQUAL(aut.said.written, "255.255.255.255 10.0.0.1");
}

CAF_TEST(an old module with module and setfenv works) {
  CAF_CHECK_EQUAL(played("module_user.lua"), "counter 3 true\n");
}

CAF_TEST(states of flows are kept by key) {
  CAF_CHECK_EQUAL(played("flow_state.lua"), "0 left, 3 seen, 61 s\n");
}

CAF_TEST(the helpers give what they gave) {
  script_tree tree;
  std::filesystem::copy(sample("utils_check.lua"), tree.inline_folder() / "utils_check.lua");
  running aut{tree, jit_mode::automatic, &names()};
  CAF_REQUIRE(aut.vm != nullptr);
  for (const auto& fault : aut.vm->load_faults())
    CAF_ERROR(fault.what);
  flow_record flow = flow_of(1, 80, 1);
  aut.run(event_kind::created, flow);
  for (const auto& fault : aut.said.faults)
    CAF_ERROR(fault.text);
  CAF_CHECK_EQUAL(aut.said.written, "all well\n");
}

CAF_TEST(a trusted script finds the standard libraries where it looks for them) {
  script_tree tree;
  std::filesystem::copy(sample("library_check.lua"), tree.inline_folder() / "library_check.lua");
  auto options = running::with(jit_mode::automatic, &names(), nullptr);
  options.trusted = true;
  running aut{tree, options};
  CAF_REQUIRE(aut.vm != nullptr);
  for (const auto& fault : aut.vm->load_faults())
    CAF_ERROR(fault.what);
  CAF_CHECK_EQUAL(aut.said.written, "all well\n");
}
