#define CAF_SUITE lua_flow_argument

#include "lua/flow_fields.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <cstring>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr jit_mode modes[] = {jit_mode::on, jit_mode::off};

const catalog& names() {
  static const catalog all = [] {
    catalog made;
    made.protocols = {"Unknown", "HTTP", "TLS", "Google", "DNS"};
    made.protocol_breeds = {"Unrated", "Acceptable", "Safe", "Safe", "Acceptable"};
    made.categories = {"Unspecified", "Media", "Web"};
    made.confidences = {"Unknown", "Match by port", "DPI"};
    made.risks = {"no risk", "XSS", "", "RCE"};
    return made;
  }();
  return all;
}

flow_record a_flow() {
  flow_record flow{};
  const uint8_t client[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3};
  const uint8_t server[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1};
  std::memcpy(flow.client_address, client, sizeof(client));
  std::memcpy(flow.server_address, server, sizeof(server));
  flow.client_port = 40000;
  flow.server_port = 443;
  flow.protocol = 6;
  flow.ip_version = 4;
  flow.id = 7;
  flow.slot = 3;
  flow.generation = 1;
  flow.first_seen_ns = 1'500'000'000'000'000'000;
  flow.last_seen_ns = 1'500'000'002'500'000'000;
  flow.client = {3, 300, 120};
  flow.server = {2, 2'000, 1'800};
  flow.master_protocol = 2;
  flow.app_protocol = 3;
  flow.category = 2;
  flow.confidence = 2;
  flow.risk = 10;
  flow.risk_score = 150;
  flow.state = static_cast<uint8_t>(tcp_state::established);
  flow.established = 1;
  flow.client_rtt_us = 1500;
  flow.client_network = 0;
  flow.server_network = -1;
  flow.client_tcp.retransmissions = 4;
  return flow;
}

// Runs one callback on the flow, 200 times, so that it is compiled where there is a JIT; gives what
// was written the last time.
std::string say(jit_mode mode, const std::string& body, flow_record& flow,
                event_kind kind = event_kind::created, const char* arena = nullptr) {
  script_tree tree;
  tree.write("say.lua", "local M = {}\nfunction M.flowCreate(flow)\n" + body
                          + "\nend\nM.flowDelete = M.flowCreate\nreturn M\n");
  running run(tree, mode, &names(), arena);
  if (run.vm == nullptr)
    return run.failure.what;
  for (int i = 0; i < 200; ++i) {
    run.said.written.clear();
    run.run(kind, flow);
  }
  for (const auto& fault : run.said.faults)
    run.said.written += "FAULT " + fault.text.substr(0, fault.text.find('\n'));
  return run.said.written;
}

} // namespace

CAF_TEST(fields give the flow by name) {
  flow_record flow = a_flow();
  for (const jit_mode mode : modes) {
    const auto is = [&](const std::string& expression, const std::string& expected) {
      CAF_CHECK_EQUAL(say(mode, "io.write(tostring(" + expression + "))", flow), expected);
    };
    is("flow.cli_ip .. ':' .. flow.cli_port", "10.1.2.3:40000");
    is("flow.srv_ip .. ':' .. flow.srv_port", "192.0.2.1:443");
    is("flow.duration", "2.5");
    is("flow.proto", "TLS.Google");
    is("flow.app .. flow.master .. flow.category .. flow.breed .. flow.confidence",
       "GoogleTLSWebSafeDPI");
    is("flow.l4", "TCP");
    is("flow.packets .. '/' .. flow.bytes .. '/' .. flow.srv_payload", "5/2300/1800");
    is("table.concat(flow.risks, ',')", "XSS,RCE");
    is("flow.risk", "10");
    is("flow.tcp_state", "established");
    is("flow.established", "true");
    is("flow.client_rtt", "1.5");
    is("flow.server_rtt", "nil");
    is("flow.cli_retransmissions", "4");
    is("flow.cli_local", "true");
    is("flow.srv_local", "false");
    is("flow.tls_sni", "nil");
    is("flow.http_host", "nil");
    is("flow.tunnel", "nil");
    is("flow.end_reason", "nil");
    is("flow.cli_mac", "00:00:00:00:00:00");
    is("#flow.community_id", "30");
  }
}

CAF_TEST(texts come from the block of the flow) {
  const one_text text{{&flow_text::server_name, "www.example.org"},
                      {&flow_text::http_method, "GET"},
                      {&flow_text::http_url, "www.example.org/a?b"},
                      {&flow_text::tls_sni, "sni.example"}};
  flow_record flow = a_flow();
  flow.text = 1;
  flow.master_protocol = 0;
  flow.app_protocol = 1;
  flow.end = static_cast<uint8_t>(end_reason::idle);
  for (const jit_mode mode : modes)
    CAF_CHECK_EQUAL(
      say(mode,
          "io.write(flow.server_name, ' ', flow.http_method, ' ', flow.http_host, ' ', "
          "flow.http_url, ' ', flow.tls_sni, ' ', flow.end_reason, ' ', "
          "tostring(flow.http_user_agent))",
          flow, event_kind::ended, text.arena()),
      "www.example.org GET www.example.org /a?b sni.example idle nil");
}

CAF_TEST(a copy has every field with the same values) {
  flow_record flow = a_flow();
  std::string all;
  for (const flow_field& field : flow_fields())
    all += std::string{"check('"} + field.name + "', flow." + field.name + ")\n";
  for (const jit_mode mode : modes) {
    const std::string body = "local t, u, n = flow.copy(), flow:copy(), 0\n"
                             "local function check(name, value)\n"
                             "  if type(value) == 'table' then value = #value t[name] = #t[name] end\n"
                             "  if t[name] ~= value then io.write(name, ' differs ') end\n"
                             "  if value ~= nil then n = n + 1 end\n"
                             "end\n"
                             + all
                             + "for name in pairs(u) do n = n - 1 end\n"
                               "io.write(n, ' ', t.id)";
    CAF_CHECK_EQUAL(say(mode, body, flow), "0 7");
  }
}

CAF_TEST(the methods of 2017 stay on the argument and on the global) {
  flow_record seen = a_flow();
  for (const jit_mode mode : modes)
    CAF_CHECK_EQUAL(say(mode,
                        "io.write(flow.dump()['cli.ip'], ' ', flow.getNdpiProto(), ' ', "
                        "_G.flow.dump()['srv.port'])",
                        seen),
                    "10.1.2.3 TLS.Google 443");
}

CAF_TEST(an unknown field is an error with the nearest name) {
  flow_record flow = a_flow();
  for (const jit_mode mode : modes) {
    CAF_CHECK_EQUAL(say(mode, "local x = flow.srv_prt", flow),
                    "FAULT say.lua:3: flow has no field 'srv_prt' (did you mean srv_port?)");
    CAF_CHECK_EQUAL(say(mode, "flow.noted = 1", flow),
                    "FAULT say.lua:3: flow.noted can't be set; what you note about a flow goes "
                    "into flow.data");
    CAF_CHECK_EQUAL(say(mode, "io.write(tostring(getmetatable(flow)))", flow), "false");
  }
}

CAF_TEST(a callback without parameters gets no flow and a kept one stays gone) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M, kept = {}, nil
function M.flowCreate(flow) kept = flow end
function M.flowUpdate() io.write(tostring(kept), pcall(function() return kept.id end) and " reached " or " refused ") end
function M.flowDelete(flow) end -- does nothing
return M
)lua");
    running run(tree, mode, &names());
    flow_record flow = a_flow();
    for (int i = 0; i < 200; ++i) {
      run.said.written.clear();
      run.run(event_kind::created, flow);
      run.run(event_kind::updated, flow);
      run.run(event_kind::ended, flow);
    }
    CAF_CHECK_EQUAL(run.said.written, "flow (gone) refused ");
    std::vector<script_event> batch;
    for (int i = 0; i < 300; ++i)
      batch.push_back({&flow, 1, i % 2 == 0 ? event_kind::created : event_kind::updated});
    batch.push_back({&flow, 1, event_kind::ended});
    run.said.written.clear();
    run.vm->handle(batch);
    run.vm->flush();
    std::string all;
    for (int i = 0; i < 150; ++i)
      all += "flow (gone) refused ";
    CAF_CHECK_EQUAL(run.said.written, all);
    CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
    const auto costs = run.vm->costs();
    CAF_CHECK_EQUAL(costs.size(), 3u);
    for (const auto& cost : costs)
      if (cost.callback == "flowDelete")
        CAF_CHECK_EQUAL(cost.calls, 201u);
  }
}

CAF_TEST(a flow that is kept gives an error and never another flow) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    tree.write("a.lua", R"lua(
local M, kept, resume = {}, {}, nil
function M.flowCreate(flow)
  kept[#kept + 1] = flow
  for i = 1, math.min(#kept - 1, 2) do -- the first belong to flows that are freed
    for _, name in ipairs {"srv_port", "copy", "data", "dump", "cli_ip"} do
      local ok, text = pcall(function() return kept[i][name] end)
      assert(not ok and text:find("valid during its callback only", 1, true), name)
    end
    assert(kept[i] ~= flow and tostring(kept[i]) == "flow (gone)")
    assert(not pcall(flow.copy, kept[i]))
  end
  if resume then assert(coroutine.resume(resume)) end
  resume = coroutine.create(function()
    local mine = flow
    assert(mine.srv_port > 0)
    coroutine.yield()
    io.write(pcall(function() return mine.srv_port end) and "reached " or "refused ")
  end)
  assert(coroutine.resume(resume))
  shared = flow
  io.write(flow.srv_port, " ")
end
function M.flowDelete(flow)
  assert(not pcall(function() return kept[#kept].id end))
  rawset(kept[1], 1, flow[1]) -- forged: reaches the flow at hand
  io.write("forged ", kept[1].srv_port, " ")
end
return M
)lua");
    script_vm_options options;
    options.jit = mode;
    options.names = &names();
    options.limits.deadline = std::chrono::seconds(10); // a busy machine is no difference
    running run(tree, options);
    {
      auto first = std::make_unique<flow_record>(a_flow());
      run.run(event_kind::created, *first);
    } // freed: reading it is an error that the sanitizer finds
    for (int i = 0; i < 100; ++i) {
      auto other = std::make_unique<flow_record>(a_flow());
      other->server_port = 80;
      run.run(event_kind::created, *other);
      if (i == 99) {
        run.said.written.clear();
        run.run(event_kind::ended, *other);
      }
    }
    CAF_CHECK_EQUAL(run.said.written, "forged 80 ");
    CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
    for (const auto& fault : run.said.faults)
      CAF_MESSAGE(fault.text);
  }
}

CAF_TEST(data lives as long as the flow and belongs to one script) {
  for (const jit_mode mode : modes) {
    script_tree tree;
    const std::string text = R"lua(
local M = {}
function M.flowCreate(flow) flow.data.seen = NAME end
function M.flowUpdate(flow) io.write(tostring(flow.data.seen), " ") end
return M
)lua";
    for (const std::string name : {"a", "b"}) {
      std::string own = text;
      own.replace(own.find("NAME"), 4, "'" + name + "'");
      tree.write(name + ".lua", own);
    }
    running run(tree, mode, &names());
    flow_record flow = a_flow(), other = a_flow();
    other.slot = 4;
    other.id = 8;
    CAF_CHECK_EQUAL(run.vm->interest() & mask_of(event_kind::ended), 0);
    run.run(event_kind::created, flow);
    CAF_CHECK_NOT_EQUAL(run.vm->interest() & mask_of(event_kind::ended), 0);
    run.run(event_kind::updated, flow);
    CAF_CHECK_EQUAL(run.said.written, "a b ");
    run.run(event_kind::updated, other);
    CAF_CHECK_EQUAL(run.said.written, "a b nil nil ");
    run.run(event_kind::ended, flow);
    run.run(event_kind::updated, flow);
    CAF_CHECK_EQUAL(run.said.written, "a b nil nil nil nil ");
    run.run(event_kind::created, flow);
    flow.id = 9; // the slot has gone to another flow
    run.run(event_kind::updated, flow);
    CAF_CHECK_EQUAL(run.said.written, "a b nil nil nil nil nil nil ");
  }
}
