#define CAF_SUITE lua_flow_methods
#include "tests/lua/fixture.hpp"
#include "tests/suite.hpp"

#include <map>
#include <string_view>

using namespace flowactors;
using namespace flowactors::test;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t start_ns = 1'500'000'000 * second + 900'000'000;

enum protocol : uint16_t { unknown, http, dns, tls, ssh, google, quic, named_long };

const catalog& names() {
  static const catalog all{{"Unknown", "HTTP", "DNS", "TLS", "SSH", "Google", "QUIC",
                            "AVeryLongApplicationNameThatGoesOnAndOnAndOnForEverAndEverAndEver"},
                           {"Unrated", "Acceptable", "Acceptable", "Safe", "Acceptable",
                            "Acceptable", "Acceptable", "Fun"},
                           {"Unspecified", "Media", "Web"},
                           {"Unrated", "Safe"},
                           {"Unknown", "Match by port", "DPI"},
                           {"None", "XSS Attack", "TLS Certificate Mismatch"},
                           {"10.0.0.0/8", "192.168.0.0/16"}};
  return all;
}

void set_ipv4(uint8_t (&address)[16], uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  const uint8_t bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d};
  std::memcpy(address, bytes, sizeof(bytes));
}

flow_record udp_flow() {
  flow_record flow{};
  set_ipv4(flow.client_address, 10, 1, 2, 3);
  set_ipv4(flow.server_address, 192, 168, 0, 1);
  flow.ip_version = 4;
  flow.protocol = 17;
  flow.client_port = 40000;
  flow.server_port = 53;
  flow.vlan = 7;
  flow.id = 99;
  flow.first_seen_ns = start_ns;
  flow.last_seen_ns = start_ns + 2 * second;
  flow.client = {3, 300, 174};
  flow.server = {2, 500, 416};
  flow.client_tick = {1, 100, 58};
  flow.server_tick = {2, 500, 416};
  flow.client_gaps = {flow.last_seen_ns, 1'500'000'000, 499'999'999, 1'000'000'000};
  flow.server_gaps = {flow.last_seen_ns, 250'000'000, 250'000'000, 250'000'000};
  flow.client_mac[0] = 0xaa;
  flow.client_mac[5] = 0x0f;
  flow.client_network = 0;
  flow.server_network = -1;
  flow.client_bytes_per_s = 100.5f;
  flow.server_bytes_per_s = 50.25f;
  flow.client_packets_per_s = 2;
  flow.server_packets_per_s = 1;
  flow.top_bytes_per_s = 1000;
  flow.top_packets_per_s = 20;
  flow.bytes_trend = 1;
  flow.packets_trend = 3;
  flow.risk = 5;
  flow.risk_score = 110;
  flow.category = 2;
  flow.confidence = 2;
  flow.detection = static_cast<uint8_t>(detection_state::detected);
  return flow;
}

flow_record tcp_flow() {
  flow_record flow = udp_flow();
  flow.protocol = 6;
  flow.server_port = 80;
  flow.risk = 0;
  flow.client = {10, 2000, 1400};
  flow.server = {12, 20000, 19000};
  flow.syn_ns = start_ns;
  flow.syn_ack_ns = start_ns + 1'000'000;
  flow.handshake_ns = start_ns + 3'000'000;
  flow.client_rtt_us = 3000;
  flow.server_rtt_us = 1000;
  flow.response_us = 12'500;
  flow.established = 1;
  flow.last_tcp_flags = tcp_flag::ack | tcp_flag::psh;
  flow.client_tcp.window = 1000;
  flow.client_tcp.window_scale = 2;
  flow.server_tcp.window = 500;
  flow.client_tcp.flags = 27;
  flow.server_tcp.flags = 26;
  flow.client_tcp.retransmissions = 1;
  flow.client_tcp.out_of_order = 0;
  flow.server_tcp.lost = 1;
  return flow;
}

// Shows all entries of flow.dump() with their types, and what the getters give.
constexpr char show[] = R"(
local callbacks = {}
local function shown(value)
  if type(value) ~= "table" then return type(value) .. " " .. tostring(value) end
  local parts = {}
  for key, inner in pairs(value) do parts[#parts + 1] = key .. "=" .. shown(inner) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end
local getters = {"getNdpiCategory", "getNdpiProto", "getNdpiProtoId", "getFirstSeen", "getLastSeen", "getServerName", "getHTTPUrl",
  "getHTTPContentType"}
function callbacks.flowProtocolDetected()
  for key, value in pairs(flow.dump()) do io.write(key, "\t", shown(value), "\n") end
  for _, name in ipairs(getters) do
    local value = flow[name]()
    assert(flow[name](flow) == value and select("#", flow[name]()) == 1)
    io.write(name, "\t", shown(value), "\n")
  end
  assert(flow:dump()["cli.ip"] == flow.dump()["cli.ip"] and flow:dump() ~= flow:dump())
end
return callbacks
)";

using entries = std::map<std::string, std::string>;

entries parse(std::string_view text) {
  entries all;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const size_t tab = line.find('\t');
    all[std::string{line.substr(0, tab)}] = std::string{line.substr(tab + 1)};
    text.remove_prefix(line.size() + 1);
  }
  return all;
}

entries seen(flow_record flow, jit_mode mode, int64_t now_ns, const char* arena, int times) {
  script_tree tree;
  tree.write("show.lua", show);
  running aut{tree, mode, &names(), arena};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_REQUIRE(aut.vm->load_faults().empty());
  CAF_CHECK_EQUAL(aut.vm->jit(), mode == jit_mode::on);
  for (int i = 0; i < times; ++i) {
    aut.said.written.clear();
    aut.run(event_kind::detected, flow, now_ns);
  }
  for (const auto& fault : aut.said.faults)
    CAF_ERROR(fault.text);
  return parse(aut.said.written);
}

// What scripts see of a flow: interpreted, compiled, and with the JIT off, which all have to be the
// same.
entries look(const flow_record& flow, int64_t now_ns, const char* arena = nullptr) {
  const entries once = seen(flow, jit_mode::on, now_ns, arena, 1);
  const entries hot = seen(flow, jit_mode::on, now_ns, arena, 300);
  const entries without = seen(flow, jit_mode::off, now_ns, arena, 1);
  CAF_CHECK(once == hot);
  CAF_CHECK(once == without);
  for (const auto& [key, value] : once) {
    const auto found = without.find(key);
    if (found == without.end() || found->second != value)
      CAF_ERROR(key + " is " + value + " with the JIT and "
                + (found == without.end() ? "not there" : found->second) + " without");
  }
  for (const auto& [key, value] : without)
    if (once.count(key) == 0)
      CAF_ERROR(key + " is there only without the JIT");
  return once;
}

void check_all(const entries& found, const entries& expected) {
  for (const auto& [key, value] : expected) {
    const auto place = found.find(key);
    if (place == found.end())
      CAF_ERROR(key + " is missing");
    else if (place->second != value)
      CAF_ERROR(key + " is " + place->second + ", expected " + value);
    else
      CAF_CHECK(true);
  }
  for (const auto& [key, value] : found)
    if (expected.count(key) == 0)
      CAF_ERROR(key + " was not expected: " + value);
}

void check_some(const entries& found, const entries& expected) {
  for (const auto& [key, value] : expected) {
    const auto place = found.find(key);
    const std::string got = place == found.end() ? "missing" : place->second;
    if (got != value)
      CAF_ERROR(key + " is " + got + ", expected " + value);
    else
      CAF_CHECK(true);
  }
}

entries always() {
  return {{"cli.ip", "string 10.1.2.3"},
          {"srv.ip", "string 192.168.0.1"},
          {"cli.host", "string 10.1.2.3"},
          {"srv.host", "string 192.168.0.1"},
          {"cli.key", "number 167838211"},
          {"srv.key", "number 3232235521"},
          {"cli.port", "number 40000"},
          {"srv.port", "number 53"},
          {"vlan", "number 7"},
          {"bytes", "number 800"},
          {"goodput_bytes", "number 590"},
          {"packets", "number 5"},
          {"bytes.last", "number 200"},
          {"goodput_bytes.last", "number 116"},
          {"packets.last", "number 2"},
          {"proto.l4", "string UDP"},
          {"proto.ndpi", "string Unknown"},
          {"proto.ndpi_id", "number 0"},
          {"proto.ndpi_breed", "string Unrated"},
          {"seen.first", "number 1500000000"},
          {"seen.last", "number 1500000002"},
          {"duration", "number 2"},
          {"cli2srv.bytes", "number 300"},
          {"srv2cli.bytes", "number 500"},
          {"cli2srv.goodput_bytes", "number 174"},
          {"srv2cli.goodput_bytes", "number 416"},
          {"cli2srv.packets", "number 3"},
          {"srv2cli.packets", "number 2"},
          {"cli2srv.last", "number 200"},
          {"srv2cli.last", "number 0"},
          {"flow_goodput.low", "boolean false"},
          {"dump.disk", "boolean false"},
          {"moreinfo.json", "string {}"},
          {"throughput_bps", "number 150.75"},
          {"top_throughput_bps", "number 1000"},
          {"throughput_cli2srv_bps", "number 100.5"},
          {"throughput_srv2cli_bps", "number 50.25"},
          {"throughput_pps", "number 3"},
          {"top_throughput_pps", "number 20"},
          {"throughput_cli2srv_pps", "number 2"},
          {"throughput_srv2cli_pps", "number 1"},
          {"throughput_trend_bps", "number 1"},
          {"throughput_trend_pps", "number 3"},
          {"interarrival.cli2srv", "{avg=number 750, max=number 1000, min=number 499}"},
          {"interarrival.srv2cli", "{avg=number 250, max=number 250, min=number 250}"},
          {"flow.idle", "boolean false"},
          {"flow.status", "number 0"},
          {"ntopng.key", "number 3400103864"},
          {"cli.source_id", "number 0"},
          {"srv.source_id", "number 0"},
          {"cli.mac", "string AA:00:00:00:00:0F"},
          {"srv.mac", "string 00:00:00:00:00:00"},
          {"cli.systemhost", "boolean false"},
          {"srv.systemhost", "boolean false"},
          {"cli.allowed_host", "boolean true"},
          {"srv.allowed_host", "boolean true"},
          {"cli.network_id", "number 0"},
          {"srv.network_id", "number -1"},
          {"cli.pool_id", "number 0"},
          {"srv.pool_id", "number 0"},
          {"flow.id", "number 99"},
          {"risk", "number 5"},
          {"risk.score", "number 110"},
          {"detection", "string detected"},
          {"detection.confidence", "string DPI"},
          {"getNdpiCategory", "string Web"},
          {"getNdpiProto", "string Unknown"},
          {"getNdpiProtoId", "number 0"},
          {"getFirstSeen", "number 1500000000"},
          {"getLastSeen", "number 1500000002"},
          {"getServerName", "string 192.168.0.1"},
          {"getHTTPUrl", "string "},
          {"getHTTPContentType", "string "}};
}

entries with(entries base, const entries& more) {
  for (const auto& [key, value] : more)
    base[key] = value;
  return base;
}

entries tcp_always() {
  return with(always(),
              {{"srv.port", "number 80"},
               {"proto.l4", "string TCP"},
               {"bytes", "number 22000"},
               {"goodput_bytes", "number 20400"},
               {"packets", "number 22"},
               {"bytes.last", "number 21400"},
               {"goodput_bytes.last", "number 19926"},
               {"packets.last", "number 19"},
               {"cli2srv.bytes", "number 2000"},
               {"srv2cli.bytes", "number 20000"},
               {"cli2srv.goodput_bytes", "number 1400"},
               {"srv2cli.goodput_bytes", "number 19000"},
               {"cli2srv.packets", "number 10"},
               {"srv2cli.packets", "number 12"},
               {"cli2srv.last", "number 1900"},
               {"srv2cli.last", "number 19500"},
               {"ntopng.key", "number 3400110765"},
               {"risk", "number 0"},
               {"interarrival.cli2srv", "{avg=number 166, max=number 1000, min=number 499}"},
               {"interarrival.srv2cli", "{avg=number 22, max=number 250, min=number 250}"},
               {"tcp.seq_problems", "boolean true"},
               {"tcp.nw_latency.client", "number 1.5"},
               {"tcp.nw_latency.server", "number 0.5"},
               {"tcp.appl_latency", "number 12.5"},
               {"tcp.max_thpt.cli2srv", "number 1000000"},
               {"tcp.max_thpt.srv2cli", "number 8000000"},
               {"cli2srv.retransmissions", "number 1"},
               {"cli2srv.out_of_order", "number 0"},
               {"cli2srv.lost", "number 0"},
               {"srv2cli.retransmissions", "number 0"},
               {"srv2cli.out_of_order", "number 0"},
               {"srv2cli.lost", "number 1"},
               {"cli2srv.tcp_flags", "number 27"},
               {"srv2cli.tcp_flags", "number 26"},
               {"tcp_established", "boolean true"}});
}

} // namespace

CAF_TEST(a plain UDP flow has every key of all flows) {
  check_all(look(udp_flow(), start_ns + 3 * second), always());
}

CAF_TEST(a plain TCP flow has the keys of TCP too) {
  check_all(look(tcp_flow(), start_ns + 3 * second), tcp_always());
}

CAF_TEST(DNS shows the query and no server name) {
  const one_text text{{&flow_text::dns_query, "www.example.org"},
                      {&flow_text::server_name, "www.example.org"}};
  flow_record flow = udp_flow();
  flow.app_protocol = google;
  flow.master_protocol = dns;
  flow.text = 1;
  flow.dns_query_type = 28;
  flow.dns_reply_code = 3;
  check_all(look(flow, start_ns + 3 * second, text.arena()),
            with(always(), {{"proto.ndpi", "string DNS.Google"},
                            {"proto.ndpi_id", "number 5"},
                            {"proto.ndpi_breed", "string Acceptable"},
                            {"protos.dns.last_query", "string www.example.org"},
                            {"dns.query_type", "number 28"},
                            {"dns.reply_code", "number 3"},
                            {"getNdpiProto", "string DNS.Google"},
                            {"getNdpiProtoId", "number 5"}}));
}

CAF_TEST(HTTP shows method and path once both are known) {
  flow_record flow = tcp_flow();
  flow.app_protocol = http;
  flow.http_status = 404;
  const entries labels{{"proto.ndpi", "string HTTP"},
                       {"proto.ndpi_id", "number 1"},
                       {"proto.ndpi_breed", "string Acceptable"},
                       {"getNdpiProto", "string HTTP"},
                       {"getNdpiProtoId", "number 1"}};
  check_all(look(flow, start_ns + 3 * second),
            with(with(tcp_always(), labels),
                 {{"getHTTPUrl", "nil nil"}, {"getHTTPContentType", "nil nil"}}));
  const one_text text{{&flow_text::server_name, "example.org"},
                      {&flow_text::http_method, "GET"},
                      {&flow_text::http_url, "example.org:8080/a/b?c=d"},
                      {&flow_text::http_user_agent, "curl/7.88"},
                      {&flow_text::http_content_type, "text/html"}};
  flow.text = 1;
  check_all(look(flow, start_ns + 3 * second, text.arena()),
            with(with(tcp_always(), labels), {{"host_server_name", "string example.org"},
                                              {"protos.http.server_name", "string example.org"},
                                              {"protos.http.last_method", "string GET"},
                                              {"protos.http.last_url", "string /a/b?c=d"},
                                              {"protos.http.last_return_code", "number 404"},
                                              {"http.user_agent", "string curl/7.88"},
                                              {"http.content_type", "string text/html"},
                                              {"getHTTPUrl", "string /a/b?c=d"},
                                              {"getHTTPContentType", "string text/html"},
                                              {"getServerName", "string example.org"}}));
}

CAF_TEST(the path is what the request line said) {
  const auto path = [](const std::string& host, const std::string& url) {
    const one_text text{{&flow_text::server_name, host}, {&flow_text::http_url, url}};
    flow_record flow = tcp_flow();
    flow.app_protocol = http;
    flow.text = 1;
    return look(flow, start_ns, text.arena())["getHTTPUrl"];
  };
  CAF_CHECK_EQUAL(path("a.org", "a.org/x"), "string /x");
  CAF_CHECK_EQUAL(path("a.org", "a.org:80/x"), "string /x");
  CAF_CHECK_EQUAL(path("", "/x"), "string /x");
  CAF_CHECK_EQUAL(path("a.org", "b.org/x"), "string /x");
  CAF_CHECK_EQUAL(path("a.org", "http://a.org/x"), "string http://a.org/x");
  CAF_CHECK_EQUAL(path("a.org", "a.org/x\x01y"), "string /x");
  CAF_CHECK_EQUAL(path("a.org", "a.org"), "nil nil");
}

CAF_TEST(TLS shows both names of the certificate) {
  const one_text text{{&flow_text::server_name, "www.example.org"},
                      {&flow_text::tls_sni, "www.example.org"},
                      {&flow_text::tls_subject, "C=DE, O=CN=x, CN=*.example.org, OU=a"},
                      {&flow_text::tls_alpn, "h2"},
                      {&flow_text::ja3_client, "e7d705a3286e19ea42f587b344ee6865"},
                      {&flow_text::ja3_server, "ec74a5c51106f0419184d0dd08fb05bc"}};
  flow_record flow = tcp_flow();
  flow.master_protocol = tls;
  flow.app_protocol = google;
  flow.tls_version = 0x0303;
  flow.tls_cipher = 0xc02f;
  flow.text = 1;
  check_all(look(flow, start_ns + 3 * second, text.arena()),
            with(tcp_always(), {{"proto.ndpi", "string TLS.Google"},
                                {"proto.ndpi_id", "number 5"},
                                {"proto.ndpi_breed", "string Acceptable"},
                                {"host_server_name", "string www.example.org"},
                                {"protos.http.server_name", "string www.example.org"},
                                {"protos.ssl.certificate", "string www.example.org"},
                                {"protos.ssl.server_certificate", "string *.example.org"},
                                {"tls.alpn", "string h2"},
                                {"tls.version", "number 771"},
                                {"tls.cipher", "number 49199"},
                                {"ja3.client", "string e7d705a3286e19ea42f587b344ee6865"},
                                {"ja3.server", "string ec74a5c51106f0419184d0dd08fb05bc"},
                                {"getNdpiProto", "string TLS.Google"},
                                {"getNdpiProtoId", "number 5"},
                                {"getServerName", "string www.example.org"}}));
  const one_text alternative{{&flow_text::tls_server_names, "a.example.org,b.example.org"}};
  check_some(look(flow, start_ns, alternative.arena()),
             {{"protos.ssl.certificate", "missing"},
              {"protos.ssl.server_certificate", "string a.example.org"},
              {"getServerName", "string 192.168.0.1"}});
  flow.master_protocol = quic;
  check_some(look(flow, start_ns, text.arena()), {{"protos.ssl.certificate", "missing"},
                                                  {"host_server_name", "string www.example.org"},
                                                  {"tls.alpn", "string h2"}});
}

CAF_TEST(SSH shows both signatures even when empty) {
  flow_record flow = tcp_flow();
  flow.app_protocol = ssh;
  check_some(look(flow, start_ns), {{"protos.ssh.client_signature", "string "},
                                    {"protos.ssh.server_signature", "string "}});
  const one_text text{{&flow_text::ssh_client, "SSH-2.0-OpenSSH_9.2"},
                      {&flow_text::hassh_client, "aa"},
                      {&flow_text::hassh_server, "bb"}};
  flow.text = 1;
  check_some(look(flow, start_ns, text.arena()),
             {{"protos.ssh.client_signature", "string SSH-2.0-OpenSSH_9.2"},
              {"protos.ssh.server_signature", "string "},
              {"hassh.client", "string aa"},
              {"hassh.server", "string bb"}});
}

CAF_TEST(ICMP has type and code and no goodput) {
  flow_record flow = udp_flow();
  flow.protocol = 1;
  flow.client_port = flow.server_port = 0;
  flow.icmp_type = 8;
  flow.icmp_code = 0;
  check_some(look(flow, start_ns), {{"icmp", "{code=number 0, type=number 8}"},
                                    {"proto.l4", "string ICMP"},
                                    {"goodput_bytes", "number 0"},
                                    {"cli2srv.goodput_bytes", "number 0"},
                                    {"goodput_bytes.last", "number 0"},
                                    {"flow_goodput.low", "boolean true"},
                                    {"tcp.seq_problems", "missing"}});
}

CAF_TEST(IPv6 addresses are written short and have keys) {
  flow_record flow = udp_flow();
  const uint8_t client[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const uint8_t server[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                              0,    0,    0,    0,    0,    0,    0,    2};
  std::memcpy(flow.client_address, client, 16);
  std::memcpy(flow.server_address, server, 16);
  flow.ip_version = 6;
  flow.protocol = 58;
  check_some(look(flow, start_ns), {{"cli.ip", "string 2001:db8::1"},
                                    {"srv.ip", "string ffff:ffff:ffff:ffff::2"},
                                    {"cli.key", "number 536939961"},
                                    {"srv.key", "number 0"},
                                    {"proto.l4", "string IPv6-ICMP"},
                                    {"icmp", "{code=number 0, type=number 0}"}});
}

CAF_TEST(labels follow master and application and are cut) {
  const auto label = [](uint16_t master, uint16_t app) {
    flow_record flow = udp_flow();
    flow.master_protocol = master;
    flow.app_protocol = app;
    entries all = look(flow, start_ns);
    return all["getNdpiProto"] + "|" + all["proto.ndpi"] + "|" + all["getNdpiProtoId"] + "|"
           + all["proto.ndpi_id"];
  };
  CAF_CHECK_EQUAL(label(0, 0), "string Unknown|string Unknown|number 0|number 0");
  CAF_CHECK_EQUAL(label(tls, 0), "string TLS|string TLS|number 3|number 0");
  CAF_CHECK_EQUAL(label(0, dns), "string DNS|string DNS|number 2|number 2");
  CAF_CHECK_EQUAL(label(dns, dns), "string DNS|string DNS|number 2|number 2");
  CAF_CHECK_EQUAL(label(quic, google), "string QUIC.Google|string QUIC.Google|number 5|number 5");
  CAF_CHECK_EQUAL(
    label(tls, named_long),
    "string TLS.AVeryLongApplicationNameTha|string TLS.AVeryLongApplicationNameThatGoesOnAndOnAndOnForEverAndEverA"
    "|number 7|number 7");
  CAF_CHECK_EQUAL(label(0, 300), "string 300|string 300|number 300|number 300");
}

CAF_TEST(tunnel and end of a flow and unnamed numbers) {
  flow_record flow = udp_flow();
  flow.protocol = 253;
  flow.tunnel = static_cast<uint8_t>(tunnel_kind::vxlan);
  flow.tunnel_id = 4711;
  flow.end = static_cast<uint8_t>(end_reason::idle);
  flow.detection = static_cast<uint8_t>(detection_state::guessed);
  flow.category = 77;
  flow.confidence = 77;
  check_some(look(flow, start_ns), {{"tunnel", "string vxlan"},
                                    {"tunnel.id", "number 4711"},
                                    {"end.reason", "string idle"},
                                    {"proto.l4", "string 253"},
                                    {"detection", "string guessed"},
                                    {"getNdpiCategory", "string Unspecified"},
                                    {"detection.confidence", "string Unknown"}});
}

CAF_TEST(gaps need two packets and latencies a plausible handshake) {
  flow_record flow = tcp_flow();
  flow.client.packets = 1;
  flow.client_rtt_us = 5'000'001;
  flow.server_rtt_us = 0;
  flow.last_tcp_flags = tcp_flag::fin | tcp_flag::ack;
  check_some(look(flow, start_ns),
             {{"interarrival.cli2srv", "{avg=number 0, max=number 0, min=number 0}"},
              {"tcp.nw_latency.client", "number 0"},
              {"tcp.nw_latency.server", "number 0"},
              {"tcp_established", "boolean false"}});
  flow.client_rtt_us = 0;
  check_some(look(flow, start_ns), {{"tcp.max_thpt.cli2srv", "number 0"}});
}

CAF_TEST(status and idle follow the handshake and silence) {
  const auto health = [](const flow_record& flow, int64_t after_ns) {
    entries all = look(flow, start_ns + after_ns);
    return all["flow.status"].substr(7) + " " + all["flow.idle"].substr(8);
  };
  flow_record quiet = udp_flow();
  CAF_CHECK_EQUAL(health(quiet, 60 * second), "0 false");
  CAF_CHECK_EQUAL(health(quiet, 63 * second), "0 true");
  flow_record syn{tcp_flow()};
  syn.client = {1, 60, 0};
  syn.server = {};
  syn.client_tcp = {};
  syn.client_tcp.flags = tcp_flag::syn;
  syn.server_tcp = {};
  syn.syn_ack_ns = syn.handshake_ns = 0;
  syn.established = 0;
  syn.last_seen_ns = start_ns;
  CAF_CHECK_EQUAL(health(syn, second), "0 false");
  CAF_CHECK_EQUAL(health(syn, 4 * second), "5 true");
  CAF_CHECK_EQUAL(health(syn, 121 * second), "7 true");
  flow_record answered = syn;
  answered.server = {1, 60, 0};
  answered.server_tcp.flags = tcp_flag::syn | tcp_flag::ack;
  answered.syn_ack_ns = start_ns;
  CAF_CHECK_EQUAL(health(answered, 5 * second), "0 false");
  CAF_CHECK_EQUAL(health(answered, 7 * second), "1 true");
  flow_record refused = syn;
  refused.server = {1, 60, 0};
  refused.server_tcp.flags = tcp_flag::rst | tcp_flag::ack;
  CAF_CHECK_EQUAL(health(refused, second), "9 false");
  flow_record silent = answered;
  silent.established = 1;
  silent.handshake_ns = start_ns;
  CAF_CHECK_EQUAL(health(silent, 9 * second), "0 false");
  CAF_CHECK_EQUAL(health(silent, 11 * second), "2 true");
  flow_record data = tcp_flow();
  CAF_CHECK_EQUAL(health(data, 4 * second), "0 false");
  CAF_CHECK_EQUAL(health(data, 70 * second), "3 true");
  flow_record lossy = data;
  lossy.client_tcp.lost = 2; // 4 of 22 with the others
  CAF_CHECK_EQUAL(health(lossy, 4 * second), "6 false");
  flow_record thin = data;
  thin.client.payload_bytes = thin.server.payload_bytes = 100;
  CAF_CHECK_EQUAL(health(thin, 4 * second), "4 false");
  flow_record mismatch = data;
  mismatch.risk = 4;
  mismatch.app_protocol = tls;
  CAF_CHECK_EQUAL(health(mismatch, 4 * second), "10 false");
  CAF_CHECK_EQUAL(health(mismatch, 49 * second), "3 true");
}

CAF_TEST(outside of callbacks the methods give nothing) {
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    script_tree tree;
    tree.write("a.lua",
               "for name, method in pairs(flow) do assert(select('#', method()) == 0, name) end\n"
               "local kept = flow.dump\nassert(flow.dump() == nil)\nio.write('fine')\n"
               "return {flowCreate = function() io.write(kept()['cli.port']) end}\n");
    running aut{tree, mode};
    CAF_REQUIRE(aut.vm != nullptr);
    CAF_CHECK(aut.vm->load_faults().empty());
    flow_record flow = udp_flow();
    aut.run(event_kind::created, flow);
    CAF_CHECK_EQUAL(aut.said.written, "fine40000");
  }
}

CAF_TEST(a kept table does not change and a kept flow is the current one) {
  script_tree tree;
  tree.write(
    "a.lua",
    "local kept, current\nlocal callbacks = {}\n"
    "function callbacks.flowCreate() kept, current = flow.dump(), flow end\n"
    "function callbacks.flowDelete() io.write(kept['cli.port'], ' ', current.dump()['cli.port']) end\nreturn callbacks\n");
  running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  flow_record first = udp_flow(), second_flow = udp_flow();
  second_flow.client_port = 50000;
  aut.run(event_kind::created, first);
  first.client_port = 1;
  aut.run(event_kind::ended, second_flow);
  CAF_CHECK_EQUAL(aut.said.written, "40000 50000");
}

CAF_TEST(compiled dumps stay right when flows of all kinds alternate) {
  const one_text text{{&flow_text::server_name, "www.example.org"},
                      {&flow_text::tls_sni, "www.example.org"},
                      {&flow_text::dns_query, "q.example.org"},
                      {&flow_text::http_method, "GET"},
                      {&flow_text::http_url, "www.example.org/"}};
  std::vector<flow_record> flows;
  for (int i = 0; i < 64; ++i) {
    flow_record flow = i % 3 == 0 ? udp_flow() : tcp_flow();
    flow.app_protocol = static_cast<uint16_t>(i % 7);
    flow.text = i % 5 == 0 ? 0 : 1;
    flow.client_port = static_cast<uint16_t>(1000 + i);
    if (i % 11 == 0)
      flow.protocol = 1;
    flow.end = static_cast<uint8_t>(i % 4 == 0 ? 1 : 0);
    flow.established = flow.last_tcp_flags = i % 2;
    flows.push_back(flow);
  }
  std::string written[2];
  for (const auto mode : {jit_mode::on, jit_mode::off}) {
    script_tree tree;
    tree.write("a.lua", R"(
local callbacks = {}
function callbacks.flowCreate()
  local keys, dump = {}, flow.dump()
  for key, value in pairs(dump) do keys[#keys + 1] = key .. "=" .. (type(value) == "table" and (value.min or value.type) or tostring(value)) end
  table.sort(keys)
  io.write(table.concat(keys, " "), "\n")
end
return callbacks
)");
    running aut{tree, mode, &names(), text.arena()};
    CAF_REQUIRE(aut.vm != nullptr);
    for (int i = 0; i < 3000; ++i) {
      flow_record& flow = flows[static_cast<size_t>(i * i % 64 + i) % 64];
      aut.run(event_kind::created, flow, start_ns + second * (i % 100));
    }
    CAF_CHECK(aut.said.faults.empty());
    written[mode == jit_mode::on ? 0 : 1] = aut.said.written;
  }
  CAF_CHECK(!written[0].empty());
  CAF_CHECK(written[0] == written[1]);
}
