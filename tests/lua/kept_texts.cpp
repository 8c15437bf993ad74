#define CAF_SUITE lua_kept_texts

#include "capture/text_blocks.hpp"
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace flowactors;
using namespace flowactors::test;

namespace {

const catalog& names() {
  static const catalog all = [] {
    catalog made;
    made.protocols = {"Unknown", "HTTP", "TLS", "Google", "DNS", "SSH"};
    return made;
  }();
  return all;
}

// Says all texts of a flow, by field, by method and by flow.dump().
constexpr char all_texts[] = R"lua(
local M = {}
local function say(flow)
  local all = flow.dump()
  io.write(tostring(flow.cli_ip), " ", flow.srv_ip, " ", flow.proto, " ", tostring(flow.server_name), " ",
    tostring(flow.http_url), " ", tostring(flow.http_host), " ", tostring(flow.tls_sni), " ", tostring(flow.dns_query), " ",
    flow.cli_mac, " ", flow.community_id, " ", flow.getNdpiProto(), " ", flow.getServerName(), " ", tostring(flow.getHTTPUrl()), " ",
    all["cli.ip"], " ", all["srv.host"], " ", all["proto.ndpi"], " ", tostring(all.host_server_name), " ",
    tostring(all["protos.http.last_url"]), " ", tostring(all["protos.dns.last_query"]), " ",
    tostring(all["protos.ssl.certificate"]), " ", tostring(all["protos.ssl.server_certificate"]), "\n")
end
function M.flowCreate(flow) say(flow) end
function M.flowUpdate(flow) if flow.bytes % 3 > 0 then say(flow) else io.write(flow.cli_ip, "\n") end end
return M
)lua";

text_blocks a_text_store() {
  auto made = text_blocks::make(1u << 20);
  CAF_REQUIRE(static_cast<bool>(made));
  return std::move(*made);
}

// Flows that come, change and go in a few places of a table, as in a worker.
class flow_lives {
public:
  explicit flow_lives(unsigned seed) : random_(seed), texts_(a_text_store()) {
    for (flow_record& flow : flows_)
      begin(flow);
  }

  const char* arena() const { return texts_.base(); }

  flow_record& next() {
    flow_record& flow = flows_[below(flows_.size())];
    switch (below(8)) {
      case 0:
        begin(flow);
        break;
      case 1:
        flow.app_protocol = static_cast<uint16_t>(below(6));
        break;
      case 2:
        flow.master_protocol = static_cast<uint16_t>(below(6));
        break;
      case 3:
      case 4:
        set_texts(flow);
        break;
      default:
        flow.client.bytes += below(1000);
    }
    return flow;
  }

private:
  size_t below(size_t bound) { return random_() % bound; }

  std::string name() { return "n" + std::to_string(below(30)) + ".example"; }

  void set_texts(flow_record& flow) {
    const std::string host = name(), url = name() + "/" + name(), query = name(), sni = name();
    const std::string subject = "CN=" + name() + ", O=example";
    flow_text_pieces pieces{};
    if (below(4) != 0)
      pieces.server_name = host;
    if (below(2) != 0) {
      pieces.http_method = "GET";
      pieces.http_url = url;
    }
    if (below(2) != 0)
      pieces.dns_query = query;
    if (below(2) != 0) {
      pieces.tls_sni = sni;
      pieces.tls_subject = subject;
    }
    flow.text = texts_.replace(flow.text, pieces);
  }

  void begin(flow_record& flow) {
    texts_.release(flow.text);
    flow = {};
    flow.id = ++ids_;
    flow.ip_version = below(2) == 0 ? 4 : 6; // of equal bytes the texts differ
    flow.protocol = 6;
    flow.client_address[10] = flow.client_address[11] = 255;
    flow.client_address[15] = static_cast<uint8_t>(below(256));
    flow.server_address[15] = static_cast<uint8_t>(below(4));
    flow.client_mac[5] = static_cast<uint8_t>(below(256));
    flow.first_seen_ns = flow.last_seen_ns = static_cast<int64_t>(below(3)) + 1;
    if (below(2) != 0)
      set_texts(flow);
  }

  std::minstd_rand random_;
  std::array<flow_record, 7> flows_{};
  text_blocks texts_;
  uint64_t ids_ = 0;
};

// What the script says of many flows of two workers, one by one or in batches.
std::string said(jit_mode mode, size_t memory, size_t batch) {
  script_tree tree;
  tree.write("a.lua", all_texts);
  std::array<flow_lives, 2> lives{flow_lives{5}, flow_lives{6}};
  script_vm_options options = running::patient(running::with(mode, &names(), nullptr));
  options.limits.memory = memory;
  options.limits.output = size_t{1} << 30; // however fast it is said
  running run(tree, options);
  CAF_REQUIRE(run.vm != nullptr);
  std::string all;
  for (size_t i = 0; i < 6000; ++i) {
    const event_kind kind = i % 4 == 0 ? event_kind::created : event_kind::updated;
    flow_lives& of = lives[i / 3 % 2];
    flow_record& flow = of.next();
    run.vm->attach(of.arena());
    if (batch == 1) {
      run.run(kind, flow);
    } else {
      const std::vector<script_event> events(batch, script_event{&flow, 0, kind});
      run.vm->handle(events);
      run.vm->flush();
    }
    all += run.said.written;
    run.said.written.clear();
  }
  for (const auto& fault : run.said.faults)
    all += "FAULT " + fault.text;
  return all;
}

constexpr size_t usual = size_t{64} << 20, little = size_t{8} << 20;

} // namespace

CAF_TEST(texts that are kept are those of the flow as it is) {
  for (const size_t batch : {size_t{1}, size_t{9}}) {
    const std::string plain = said(jit_mode::off, usual, batch);
    CAF_CHECK(plain.find("FAULT") == std::string::npos);
    CAF_CHECK(plain.find("n7.example") != std::string::npos);
    CAF_CHECK(plain.find("::ffff:") != std::string::npos);
    CAF_CHECK(said(jit_mode::on, usual, batch) == plain);
    CAF_CHECK(said(jit_mode::on, little, batch) == plain); // few places: they go from flow to flow
  }
}

CAF_TEST(texts are found again once all is compiled anew) {
  script_tree tree;
  tree.write("a.lua", R"lua(
local M = {}
local sum = 0
function M.flowCreate(flow) sum = sum + #flow.cli_ip + #flow.proto + #flow.dump()["cli.ip"] end
function M.teardown() io.write(sum, "\n") end
return M
)lua");
  running run(tree, jit_mode::on, &names());
  CAF_REQUIRE(run.vm != nullptr);
  flow_record flow{};
  flow.ip_version = 4;
  flow.app_protocol = 4;
  for (size_t i = 0; i < 40'000; ++i) {
    run.vm->handle(event_kind::created, flow, 0);
    if (i % 64 == 0)
      run.vm->flush();
  }
  run.vm->end();
  CAF_CHECK_EQUAL(run.said.written, "680000\n"); // "0.0.0.0" twice, and "DNS"
  CAF_CHECK_EQUAL(run.said.faults.size(), 0u);
}
