#define CAF_SUITE outputs_record_json
#include "outputs/record_json.hpp"

#include "outputs/json_text.hpp"
#include "tests/outputs/records.hpp"
#include "tests/suite.hpp"

using namespace flowactors;
using nlohmann::json;

namespace {

/// A flow's block with some texts.
struct text_block {
  flow_text head{};
  char bytes[512]{};

  text_block() { head.size = sizeof(*this); }

  void put(flow_text_span& span, const std::string& text) {
    span.offset = static_cast<uint16_t>(sizeof(flow_text) + used);
    span.length = static_cast<uint16_t>(text.size());
    std::memcpy(bytes + used, text.data(), text.size());
    used += text.size();
  }

  size_t used = 0;
};

struct fixture {
  fixture() {
    names.protocols = {"Unknown", "TLS", "HTTP", "Google"};
    names.categories = {"", "Web"};
    names.protocol_breeds = {"", "Safe", "Acceptable", "Fun"};
    names.confidences = {"Unknown", "DPI"};
    names.risks = {"zero", "one", "two"};
    flow.id = 7;
    flow.ip_version = 4;
    flow.protocol = 6;
    flow.client_address[12] = 10;
    flow.client_address[15] = 1;
    flow.server_address[12] = 10;
    flow.server_address[15] = 2;
    flow.client_port = 50000;
    flow.server_port = 443;
    flow.client = {3, 300, 100};
    flow.server = {2, 2000, 1800};
    flow.first_seen_ns = 1'700'000'000'123'456'789;
    flow.last_seen_ns = flow.first_seen_ns + 2'500'000'000;
    flow.client_tcp.flags = 0x1a;
    flow.server_tcp.flags = 0x13;
    flow.state = static_cast<uint8_t>(tcp_state::closed);
    flow.end = static_cast<uint8_t>(end_reason::closed);
  }

  json of(event_kind kind) {
    record_batch batch;
    batch.add(flow_event{kind, flow.last_seen_ns, &flow, &text.head});
    return only(batch);
  }

  json of(const std::string& body, uint8_t own_keys = 0, uint64_t flow_id = 0) {
    record_batch batch;
    batch.add(script_record{"inline", "a.lua", body, 1'700'000'000'000'000'000, flow_id, own_keys});
    return only(batch);
  }

  json only(const record_batch& batch) {
    record_json writer(&names, 0);
    writer.write(batch);
    CAF_REQUIRE_EQUAL(writer.line_ends().size(), 1u);
    CAF_REQUIRE_EQUAL(writer.line_ends()[0], writer.text().size());
    CAF_REQUIRE_EQUAL(writer.text().find('\n'), writer.text().size() - 1);
    return json::parse(writer.text());
  }

  static std::string time(int64_t ns) {
    char out[eve_time_size];
    return {out, write_eve_time(ns, out)};
  }

  catalog names;
  flow_record flow{};
  text_block text;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(record_json_tests, fixture)

CAF_TEST(times are those of EVE) {
  CAF_CHECK_EQUAL(time(0), "1970-01-01T00:00:00.000000+0000");
  CAF_CHECK_EQUAL(time(951'782'399'999'999'999), "2000-02-28T23:59:59.999999+0000");
  CAF_CHECK_EQUAL(time(951'782'400'000'000'000), "2000-02-29T00:00:00.000000+0000");
  CAF_CHECK_EQUAL(time(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123456+0000");
  CAF_CHECK_EQUAL(time(-5), "1970-01-01T00:00:00.000000+0000");
  CAF_CHECK_EQUAL(time(INT64_MAX), "2262-04-11T23:47:16.854775+0000");
}

CAF_TEST(bytes that are no UTF - 8 are replaced one by one) {
  std::string scratch;
  CAF_CHECK_EQUAL(valid_utf8("plain", scratch), "plain");
  CAF_CHECK_EQUAL(valid_utf8("b\xc3\xbc\xf0\x9f\x90\x9f", scratch), "b\xc3\xbc\xf0\x9f\x90\x9f");
  CAF_CHECK_EQUAL(valid_utf8("a\xff"
                             "b",
                             scratch),
                  "a\xef\xbf\xbd"
                  "b");
  CAF_CHECK_EQUAL(valid_utf8("\xc0\xaf", scratch), "\xef\xbf\xbd\xef\xbf\xbd");
  CAF_CHECK_EQUAL(valid_utf8("\xed\xa0\x80", scratch), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  CAF_CHECK_EQUAL(valid_utf8("12345678\xe2\x82", scratch), "12345678\xef\xbf\xbd\xef\xbf\xbd");
  CAF_CHECK_EQUAL(valid_utf8("\xf4\x90\x80\x80", scratch).size(), 12u);
}

CAF_TEST(an ended flow has the fields of EVE) {
  flow.master_protocol = 1;
  flow.app_protocol = 3;
  flow.category = 1;
  flow.confidence = 1;
  flow.risk = 0b110;
  flow.risk_score = 60;
  flow.vlan = 12;
  flow.tls_version = 0x0304;
  text.put(text.head.tls_sni, "example.org");
  text.put(text.head.ja3_client, "0123456789abcdef0123456789abcdef");
  const auto out = of(event_kind::ended);
  CAF_CHECK_EQUAL(out["timestamp"], "2023-11-14T22:13:22.623456+0000");
  CAF_CHECK_EQUAL(out["event_type"], "flow");
  CAF_CHECK_EQUAL(out["flow_id"], 7);
  CAF_CHECK_EQUAL(out["src_ip"], "10.0.0.1");
  CAF_CHECK_EQUAL(out["dest_ip"], "10.0.0.2");
  CAF_CHECK_EQUAL(out["src_port"], 50000);
  CAF_CHECK_EQUAL(out["dest_port"], 443);
  CAF_CHECK_EQUAL(out["proto"], "TCP");
  CAF_CHECK_EQUAL(out["app_proto"], "tls");
  CAF_CHECK_EQUAL(out["vlan"], json::array({12}));
  CAF_CHECK_EQUAL(out["community_id"], community_id(flow, 0));
  CAF_CHECK_EQUAL(out["flow"]["pkts_toserver"], 3);
  CAF_CHECK_EQUAL(out["flow"]["bytes_toclient"], 2000);
  CAF_CHECK_EQUAL(out["flow"]["start"], "2023-11-14T22:13:20.123456+0000");
  CAF_CHECK_EQUAL(out["flow"]["end"], "2023-11-14T22:13:22.623456+0000");
  CAF_CHECK_EQUAL(out["flow"]["age"], 2);
  CAF_CHECK_EQUAL(out["flow"]["state"], "closed");
  CAF_CHECK_EQUAL(out["flow"]["reason"], "timeout");
  CAF_CHECK_EQUAL(out["flow"]["end_reason"], "closed");
  CAF_CHECK_EQUAL(out["tcp"]["tcp_flags"], "1b");
  CAF_CHECK_EQUAL(out["tcp"]["tcp_flags_tc"], "13");
  CAF_CHECK_EQUAL(out["tls"]["sni"], "example.org");
  CAF_CHECK_EQUAL(out["tls"]["version"], "TLS 1.3");
  CAF_CHECK_EQUAL(out["tls"]["ja3"]["hash"], "0123456789abcdef0123456789abcdef");
  CAF_CHECK_EQUAL(out["ndpi"]["proto"], "TLS.Google");
  CAF_CHECK_EQUAL(out["ndpi"]["risks"], json::array({"one", "two"}));
  CAF_CHECK(!out.contains("http"));
  CAF_CHECK(!out.contains("dns"));
}

CAF_TEST(a detected flow has not ended) {
  flow.end = 0;
  const auto out = of(event_kind::detected);
  CAF_CHECK_EQUAL(out["event_type"], "detected");
  CAF_CHECK(!out["flow"].contains("end"));
  CAF_CHECK(!out["flow"].contains("reason"));
}

CAF_TEST(HTTP and names that are not text keep the line whole) {
  flow.app_protocol = 2;
  flow.http_status = 200;
  text.put(text.head.server_name,
           "ex\xff"
           "ample.org");
  text.put(text.head.http_url, "/a\"b\nc");
  text.put(text.head.http_method, "GET");
  const auto out = of(event_kind::ended);
  CAF_CHECK_EQUAL(out["app_proto"], "http");
  CAF_CHECK_EQUAL(out["http"]["hostname"],
                  "ex\xef\xbf\xbd"
                  "ample.org");
  CAF_CHECK_EQUAL(out["http"]["url"], "/a\"b\nc");
  CAF_CHECK_EQUAL(out["http"]["status"], 200);
}

CAF_TEST(ICMP has a type and no ports) {
  flow.protocol = 1;
  flow.icmp_type = 8;
  const auto out = of(event_kind::ended);
  CAF_CHECK_EQUAL(out["proto"], "ICMP");
  CAF_CHECK_EQUAL(out["icmp_type"], 8);
  CAF_CHECK(!out.contains("src_port"));
  CAF_CHECK(!out.contains("tcp"));
}

CAF_TEST(a flow without any text is written) {
  flow_text nothing{};
  record_batch batch;
  batch.add(flow_event{event_kind::ended, 0, &flow, &nothing});
  const auto out = only(batch);
  CAF_CHECK_EQUAL(out["flow_id"], 7);
}

CAF_TEST(what a script emits gets an envelope) {
  CAF_CHECK_EQUAL(
    of("{\"alert\":\"x\"}", 0, 9),
    json::parse(R"({"timestamp":"2023-11-14T22:13:20.000000+0000","event_type":"script",
    "flow_id":9,"context":"inline","script":"a.lua","alert":"x"})"));
  CAF_CHECK_EQUAL(of("[]"), of("{}"));
  const auto list = of("[1,2]");
  CAF_CHECK_EQUAL(list["values"], json::array({1, 2}));
}

CAF_TEST(what a record has itself is not put around it) {
  CAF_CHECK_EQUAL(of("{\"context\":1,\"event_type\":\"x\",\"script\":2,\"timestamp\":3}", 0b11011),
                  json::parse(R"({"context":1,"event_type":"x","script":2,"timestamp":3})"));
  const auto out = of("{\"flow_id\":5}", 0b00100, 9);
  CAF_CHECK_EQUAL(out["flow_id"], 5);
  CAF_CHECK_EQUAL(out["script"], "a.lua");
}

CAF_TEST(a batch gives a line for each record in order) {
  auto batch = numbered(0, 5);
  batch.add(flow_event{event_kind::ended, 0, &flow, &text.head});
  record_json writer(&names, 0);
  writer.write(batch);
  writer.write(batch); // in place of what was there
  CAF_REQUIRE_EQUAL(writer.line_ends().size(), 6u);
  const auto lines = writer.text();
  CAF_CHECK_EQUAL(numbers_in(std::string(lines.substr(0, writer.line_ends()[4]))),
                  (std::vector<size_t>{0, 1, 2, 3, 4}));
  const std::string last(lines.substr(writer.line_ends()[4]));
  const auto parsed = json::parse(last);
  CAF_CHECK_EQUAL(parsed["flow_id"], 7);
}

CAF_TEST_FIXTURE_SCOPE_END()
