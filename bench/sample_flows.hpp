#pragma once

#include "capture/event.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace flowactors::bench {

enum class flow_mix : uint8_t { tcp, tls, http, dns, mixed };

/// A thousand flows that differ in every field, with their texts and names, so that nothing can be
/// folded or predicted.
class sample_flows {
public:
  static constexpr size_t count = 1024;

  explicit sample_flows(flow_mix mix) : arena_(64) {
    names.protocols = {"Unknown", "FTP",    "SMTP",   "DNS",      "HTTP",
                       "TLS",     "Google", "Amazon", "Facebook", "Microsoft"};
    names.protocol_breeds = {"Unrated", "Unsafe",     "Acceptable", "Acceptable", "Acceptable",
                             "Safe",    "Acceptable", "Acceptable", "Fun",        "Acceptable"};
    names.categories = {"Unspecified", "Media", "VPN", "Email", "DataTransfer", "Web"};
    names.confidences = {"Unknown", "Match by port", "Match by IP", "DPI (cache)", "DPI"};
    for (size_t i = 0; i < count; ++i)
      flows.push_back(make(mix == flow_mix::mixed ? static_cast<flow_mix>(random() % 4) : mix));
  }

  const char* arena() const { return arena_.data(); }

  std::vector<flow_record> flows;
  catalog names;

private:
  using pieces = std::vector<std::pair<flow_text_span flow_text::*, std::string>>;

  uint32_t random() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33);
  }

  std::string hex(size_t digits) {
    std::string text;
    while (text.size() < digits)
      text += "0123456789abcdef"[random() & 15];
    return text;
  }

  uint32_t store(const pieces& all) {
    const size_t start = arena_.size();
    flow_text head{};
    arena_.resize(start + sizeof(head));
    for (const auto& [member, text] : all) {
      head.*member = {static_cast<uint16_t>(arena_.size() - start),
                      static_cast<uint16_t>(text.size())};
      arena_.insert(arena_.end(), text.begin(), text.end());
    }
    head.size = static_cast<uint32_t>(arena_.size() - start);
    head.writer = 1;
    head.number = ++blocks_;
    std::memcpy(arena_.data() + start, &head, sizeof(head));
    arena_.resize((arena_.size() + 15) / 16 * 16);
    return static_cast<uint32_t>(start / 16);
  }

  void fill_addresses(flow_record& flow) {
    flow.ip_version = 4;
    for (size_t i = 12; i < 16; ++i) {
      flow.client_address[i] = static_cast<uint8_t>(random());
      flow.server_address[i] = static_cast<uint8_t>(random());
    }
    flow.client_address[10] = flow.client_address[11] = flow.server_address[10] =
      flow.server_address[11] = 255;
    for (size_t i = 0; i < 6; ++i) {
      flow.client_mac[i] = static_cast<uint8_t>(random() & 3);
      flow.server_mac[i] = static_cast<uint8_t>(random() & 3);
    }
    flow.client_port = static_cast<uint16_t>(1024 + random() % 60000);
    flow.client_network = static_cast<int16_t>(random() % 3 - 1);
    flow.server_network = -1;
    format_addresses(flow);
  }

  void fill_counters(flow_record& flow) {
    flow.id = ++id_;
    flow.first_seen_ns = 1'500'000'000'000'000'000 + random() * 100LL;
    flow.last_seen_ns = flow.first_seen_ns + random();
    for (flow_counters* side : {&flow.client, &flow.server}) {
      side->packets = 2 + random() % 1000;
      side->payload_bytes = random() % 1'000'000;
      side->bytes = side->packets * 54 + side->payload_bytes;
    }
    flow.client_tick = {1, 60, 0};
    flow.client_bytes_per_s = static_cast<float>(random() % 100'000);
    flow.server_bytes_per_s = static_cast<float>(random() % 100'000);
    flow.client_packets_per_s = static_cast<float>(random() % 1000);
    flow.client_gaps = {flow.last_seen_ns, random(), random() % 1000, random()};
    flow.server_gaps = {flow.last_seen_ns, random(), random() % 1000, random()};
    flow.risk = random() & 3;
    flow.risk_score = static_cast<uint16_t>(random() % 200);
    flow.confidence = 4;
    flow.detection = 1;
  }

  void fill_tcp(flow_record& flow) {
    flow.protocol = 6;
    flow.established = 1;
    flow.state = static_cast<uint8_t>(tcp_state::established);
    flow.syn_ns = flow.first_seen_ns;
    flow.syn_ack_ns = flow.handshake_ns = flow.first_seen_ns + 1000;
    flow.client_rtt_us = random() % 100'000;
    flow.server_rtt_us = random() % 100'000;
    flow.response_us = random() % 100'000;
    flow.last_tcp_flags = random() % 4 == 0 ? 17 : 24;
    flow.client_tcp.flags = flow.server_tcp.flags = static_cast<uint8_t>(26 | (random() & 1));
    flow.client_tcp.window = static_cast<uint16_t>(random());
    flow.server_tcp.window = static_cast<uint16_t>(random());
    flow.client_tcp.retransmissions = random() % 8 == 0 ? random() % 4 : 0;
  }

  flow_record make(flow_mix kind) {
    flow_record flow{};
    fill_addresses(flow);
    fill_counters(flow);
    const std::string host = "host" + std::to_string(random() % 5000) + ".example.org";
    if (kind == flow_mix::dns) {
      flow.protocol = 17;
      flow.server_port = 53;
      flow.app_protocol = 3;
      flow.text = store({{&flow_text::server_name, host}, {&flow_text::dns_query, host}});
      return flow;
    }
    fill_tcp(flow);
    flow.category = 5;
    flow.server_port = kind == flow_mix::tls ? 443 : 80;
    flow.app_protocol = static_cast<uint16_t>(6 + random() % 4);
    if (kind == flow_mix::tls) {
      flow.master_protocol = 5;
      flow.tls_version = 0x0303;
      flow.tls_cipher = 0x1301;
      flow.text = store({{&flow_text::server_name, host},
                         {&flow_text::tls_sni, host},
                         {&flow_text::tls_subject, "CN=*.example.org"},
                         {&flow_text::tls_alpn, "h2,http/1.1"},
                         {&flow_text::ja3_client, hex(32)},
                         {&flow_text::ja3_server, hex(32)}});
    } else if (kind == flow_mix::http) {
      flow.master_protocol = 4;
      flow.http_status = 200;
      flow.text = store({{&flow_text::server_name, host},
                         {&flow_text::http_method, "GET"},
                         {&flow_text::http_url, host + "/path/" + std::to_string(random() % 10000)},
                         {&flow_text::http_user_agent, "agent/" + std::to_string(random() % 50)},
                         {&flow_text::http_content_type, "text/html"}});
    } else {
      flow.app_protocol = 0;
    }
    return flow;
  }

  std::vector<char> arena_;
  uint64_t state_ = 42;
  uint64_t id_ = 0;
  uint64_t blocks_ = 0;
};

} // namespace flowactors::bench
