#include "lua/flow_facts.hpp"

#include "lua/flow_health.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace flowactors {

namespace {

constexpr uint8_t icmp = 1, tcp = 6, icmp6 = 58;

constexpr flow_text no_text{};

uint32_t word_at(const uint8_t* bytes) noexcept {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8
         | uint32_t{bytes[3]};
}

uint32_t key_of(const uint8_t (&address)[16], uint8_t ip_version) noexcept {
  const uint32_t low = word_at(address + 12);
  return ip_version == 4 ? low
                         : low + word_at(address) + word_at(address + 4) + word_at(address + 8);
}

// Bit 48 is set: compiled Lua looks numbers up quickly if all are large, or all are small.
double number_of(const uint8_t (&mac)[6]) noexcept {
  const uint32_t high = 1u << 16 | uint32_t{mac[0]} << 8 | mac[1];
  return static_cast<double>(uint64_t{high} << 32 | word_at(mac + 2));
}

constexpr uint32_t swapped(uint16_t port) noexcept {
  return static_cast<uint16_t>(port << 8 | port >> 8);
}

double milliseconds(int64_t ns) noexcept {
  return static_cast<double>(ns / 1'000'000);
}

script_text piece(const flow_text& text, const flow_text_span& span) noexcept {
  return {reinterpret_cast<const char*>(&text) + span.offset, span.length};
}

script_text piece(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

// The common name of a distinguished name as nDPI writes it ("C=DE, CN=example.org"), else the
// first alternative name.
std::string_view certificate_name(const flow_text& text) noexcept {
  const std::string_view subject = view(text, text.tls_subject);
  for (size_t at = subject.find("CN="); at != std::string_view::npos;
       at = subject.find("CN=", at + 1)) {
    if (at != 0 && subject[at - 1] != ' ' && subject[at - 1] != ',')
      continue;
    const std::string_view name = subject.substr(at + 3);
    return name.substr(0, name.find(','));
  }
  const std::string_view names = view(text, text.tls_server_names);
  return names.substr(0, names.find(','));
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

void write_mac(const uint8_t (&mac)[6], char* out) noexcept {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < 6; ++i) {
    out[3 * i] = digits[mac[i] >> 4];
    out[3 * i + 1] = digits[mac[i] & 15];
    if (i < 5)
      out[3 * i + 2] = ':';
  }
}

const flow_text& text_of(const script_cursor& cursor) noexcept {
  if (cursor.flow->text == 0 || cursor.text_arena == nullptr)
    return no_text;
  return *reinterpret_cast<const flow_text*>(cursor.text_arena + uint64_t{cursor.flow->text} * 16);
}

flow_facts::flow_facts(const catalog* names) {
  if (names == nullptr)
    return;
  for (const std::string& name : names->protocols) {
    kind which = kind::other;
    if (is_one_of(name, {"HTTP", "HTTP_Connect", "HTTP_Proxy"}))
      which = kind::http;
    else if (name == "DNS")
      which = kind::dns;
    else if (name == "SSH")
      which = kind::ssh;
    else if (is_one_of(name, {"TLS", "SSL", "DTLS", "SMTPS", "IMAPS", "POPS", "FTPS"}))
      which = kind::tls;
    kinds_.push_back(which);
  }
  for (size_t i = 0; i < names->risks.size() && i < 64; ++i)
    if (names->risks[i].find("ismatch") != std::string::npos)
      mismatch_risk_ |= uint64_t{1} << i;
}

flow_facts::kind flow_facts::kind_of(const flow_record& flow) const noexcept {
  const uint16_t lower = flow.master_protocol != 0 ? flow.master_protocol : flow.app_protocol;
  return lower < kinds_.size() ? kinds_[lower] : kind::other;
}

script_text flow_facts::http_path(const flow_text& text) noexcept {
  const std::string_view url = view(text, text.http_url);
  if (url.empty())
    return {nullptr, 0};
  std::string_view path = url;
  const std::string_view host = view(text, text.server_name);
  if (!host.empty() && path.starts_with(host)) {
    path.remove_prefix(host.size());
    if (path.starts_with(':')) // a port, in digits
      path.remove_prefix(std::min(path.size(), path.find_first_not_of("0123456789", 1)));
  } else if (path[0] != '/' && path.find("://") == std::string_view::npos) {
    path.remove_prefix(std::min(path.size(), path.find('/')));
  }
  const auto* end =
    std::find_if(path.begin(), path.end(), [](char c) { return c < ' ' || c > '~'; });
  return {path.data(), static_cast<uint64_t>(end - path.begin())};
}

script_text flow_facts::server_name(const flow_facts& facts, const script_cursor& cursor) noexcept {
  const flow_text& text = text_of(cursor);
  const kind which = facts.kind_of(*cursor.flow);
  if (which == kind::tls && text.tls_sni.length != 0)
    return piece(text, text.tls_sni);
  if (which != kind::dns && text.server_name.length != 0)
    return piece(text, text.server_name);
  format_addresses(*cursor.flow);
  return {cursor.flow->server_text, cursor.flow->server_text_length};
}

int32_t flow_facts::fill(const script_cursor& cursor) noexcept {
  flow_record& flow = *cursor.flow;
  auto& self = *this;
  fill_endpoints(flow);
  fill_counters(flow);
  self[fact_number::risk] = static_cast<double>(flow.risk);
  self[fact_number::risk_score] = flow.risk_score;
  self[fact_number::flow_id] = static_cast<double>(flow.id);
  self[fact_number::app] = flow.app_protocol;
  self[fact_index::labels] = int32_t{flow.master_protocol} << 15 | flow.app_protocol;
  self[fact_index::app] = flow.app_protocol;
  self[fact_index::protocol] = flow.protocol;
  self[fact_index::detection] = flow.detection;
  self[fact_index::confidence] = flow.confidence;

  const bool tls = kind_of(flow) == kind::tls;
  const flow_health health = health_of(flow, cursor.now_ns, tls, (flow.risk & mismatch_risk_) != 0);
  self[fact_number::status] = static_cast<double>(health.status);
  int32_t known = mask_of(fact::always);
  if (health.idle)
    known |= mask_of(fact::idle);
  if (health.low_goodput)
    known |= mask_of(fact::low_goodput);
  if (flow.protocol == tcp)
    known |= fill_tcp(flow);
  if (flow.protocol == icmp || flow.protocol == icmp6) {
    known |= mask_of(fact::icmp);
    self[fact_number::icmp_type] = flow.icmp_type;
    self[fact_number::icmp_code] = flow.icmp_code;
  }
  if (flow.tunnel != 0) {
    known |= mask_of(fact::tunnel);
    self[fact_index::tunnel] = flow.tunnel;
    self[fact_number::tunnel_id] = flow.tunnel_id;
  }
  if (flow.end != 0) {
    known |= mask_of(fact::ended);
    self[fact_index::end] = flow.end;
  }
  if (flow.text != 0)
    known |= fill_text(flow, text_of(cursor));
  else if (kind_of(flow) == kind::ssh) {
    known |= mask_of(fact::ssh);
    self[fact_text::ssh_client] = self[fact_text::ssh_server] = piece(std::string_view{""});
  }
  return known;
}

void flow_facts::write_macs(const flow_record& flow) noexcept {
  auto& self = *this;
  write_mac(flow.client_mac, macs_.data());
  write_mac(flow.server_mac, macs_.data() + 17);
  self[fact_text::client_mac] = {macs_.data(), 17};
  self[fact_text::server_mac] = {macs_.data() + 17, 17};
}

void flow_facts::fill_endpoints(flow_record& flow) noexcept {
  auto& self = *this;
  format_addresses(flow);
  self[fact_text::client_address] = {flow.client_text, flow.client_text_length};
  self[fact_text::server_address] = {flow.server_text, flow.server_text_length};
  self[fact_number::client_mac_number] = number_of(flow.client_mac);
  self[fact_number::server_mac_number] = number_of(flow.server_mac);
  const uint32_t client_key = key_of(flow.client_address, flow.ip_version);
  const uint32_t server_key = key_of(flow.server_address, flow.ip_version);
  self[fact_number::client_key] = client_key;
  self[fact_number::server_key] = server_key;
  self[fact_number::client_port] = flow.client_port;
  self[fact_number::server_port] = flow.server_port;
  self[fact_number::vlan] = flow.vlan;
  self[fact_number::key] = client_key + server_key + swapped(flow.client_port)
                           + swapped(flow.server_port) + flow.vlan + flow.protocol;
  self[fact_number::client_network] = flow.client_network;
  self[fact_number::server_network] = flow.server_network;
}

void flow_facts::fill_counters(const flow_record& flow) noexcept {
  auto& self = *this;
  const auto number = [](uint64_t value) {
    return static_cast<double>(static_cast<int64_t>(value));
  };
  const flow_counters &client = flow.client, &server = flow.server, &client_tick = flow.client_tick,
                      &server_tick = flow.server_tick;
  // What ICMP carries is not payload of anybody.
  const bool payload = flow.protocol != icmp && flow.protocol != icmp6;
  const double client_payload = payload ? number(client.payload_bytes) : 0,
               server_payload = payload ? number(server.payload_bytes) : 0;
  self[fact_number::bytes] = number(client.bytes + server.bytes);
  self[fact_number::client_bytes] = number(client.bytes);
  self[fact_number::server_bytes] = number(server.bytes);
  self[fact_number::client_last] = number(client.bytes - client_tick.bytes);
  self[fact_number::server_last] = number(server.bytes - server_tick.bytes);
  self[fact_number::bytes_last] = self[fact_number::client_last] + self[fact_number::server_last];
  self[fact_number::packets] = number(client.packets + server.packets);
  self[fact_number::client_packets] = number(client.packets);
  self[fact_number::server_packets] = number(server.packets);
  self[fact_number::packets_last] =
    number(client.packets + server.packets - client_tick.packets - server_tick.packets);
  self[fact_number::payload] = client_payload + server_payload;
  self[fact_number::client_payload] = client_payload;
  self[fact_number::server_payload] = server_payload;
  self[fact_number::payload_last] =
    payload ? number(client.payload_bytes + server.payload_bytes - client_tick.payload_bytes
                     - server_tick.payload_bytes)
            : 0;
  self[fact_number::first_seen] = whole_seconds(flow.first_seen_ns);
  self[fact_number::last_seen] = whole_seconds(flow.last_seen_ns);
  self[fact_number::duration] = self[fact_number::last_seen] - self[fact_number::first_seen];
  self[fact_number::client_bytes_rate] = flow.client_bytes_per_s;
  self[fact_number::server_bytes_rate] = flow.server_bytes_per_s;
  self[fact_number::bytes_rate] = flow.client_bytes_per_s + flow.server_bytes_per_s;
  self[fact_number::top_bytes_rate] = flow.top_bytes_per_s;
  self[fact_number::client_packets_rate] = flow.client_packets_per_s;
  self[fact_number::server_packets_rate] = flow.server_packets_per_s;
  self[fact_number::packets_rate] = flow.client_packets_per_s + flow.server_packets_per_s;
  self[fact_number::top_packets_rate] = flow.top_packets_per_s;
  self[fact_number::bytes_trend] = flow.bytes_trend;
  self[fact_number::packets_trend] = flow.packets_trend;
  const auto gaps = [&](const flow_gaps& seen, uint64_t packets, fact_number min, fact_number max,
                        fact_number avg) {
    const bool known = packets > 1;
    self[min] = known ? milliseconds(seen.min_ns) : 0;
    self[max] = known ? milliseconds(seen.max_ns) : 0;
    self[avg] = known ? milliseconds(seen.sum_ns / static_cast<int64_t>(packets - 1)) : 0;
  };
  gaps(flow.client_gaps, client.packets, fact_number::client_gap_min, fact_number::client_gap_max,
       fact_number::client_gap_avg);
  gaps(flow.server_gaps, server.packets, fact_number::server_gap_min, fact_number::server_gap_max,
       fact_number::server_gap_avg);
}

int32_t flow_facts::fill_tcp(const flow_record& flow) noexcept {
  auto& self = *this;
  const flow_tcp &client = flow.client_tcp, &server = flow.server_tcp;
  const auto latency = [](uint32_t round_trip_us) {
    return round_trip_us > 5'000'000 ? 0.0 : round_trip_us / 2000.0;
  };
  self[fact_number::client_latency] = latency(flow.client_rtt_us);
  self[fact_number::server_latency] = latency(flow.server_rtt_us);
  self[fact_number::response] = flow.response_us / 1000.0;
  const auto round_trip_us = static_cast<double>(uint64_t{flow.client_rtt_us} + flow.server_rtt_us);
  // A direction can carry no more than one window of its receiver in a round trip.
  const auto max_rate = [&](const flow_tcp& receiver) {
    const double window = static_cast<double>(uint64_t{receiver.window}
                                              << std::min<uint8_t>(receiver.window_scale, 14));
    return round_trip_us > 0 ? window * 8e6 / round_trip_us : 0;
  };
  self[fact_number::client_max_rate] = max_rate(server);
  self[fact_number::server_max_rate] = max_rate(client);
  self[fact_number::client_retransmissions] = client.retransmissions;
  self[fact_number::client_out_of_order] = client.out_of_order;
  self[fact_number::client_lost] = client.lost;
  self[fact_number::server_retransmissions] = server.retransmissions;
  self[fact_number::server_out_of_order] = server.out_of_order;
  self[fact_number::server_lost] = server.lost;
  self[fact_number::client_flags] = client.flags;
  self[fact_number::server_flags] = server.flags;
  int32_t known = mask_of(fact::tcp);
  if ((client.retransmissions | client.out_of_order | client.lost | server.retransmissions
       | server.out_of_order | server.lost)
      != 0)
    known |= mask_of(fact::seq_problems);
  if ((flow.last_tcp_flags & (tcp_flag::syn | tcp_flag::rst | tcp_flag::fin)) == 0)
    known |= mask_of(fact::established);
  return known;
}

int32_t flow_facts::fill_text(const flow_record& flow, const flow_text& text) noexcept {
  auto& self = *this;
  int32_t known = 0;
  const auto put = [&](fact_text which, fact bit, const flow_text_span& span) {
    if (span.length == 0)
      return;
    known |= mask_of(bit);
    self[which] = piece(text, span);
  };
  const kind which = kind_of(flow);
  put(fact_text::bittorrent_hash, fact::bittorrent_hash, text.bittorrent_hash);
  if (which == kind::dns) {
    put(fact_text::dns_query, fact::dns, text.dns_query);
    self[fact_number::dns_query_type] = flow.dns_query_type;
    self[fact_number::dns_reply_code] = flow.dns_reply_code;
  } else {
    put(fact_text::server_name, fact::server_name, text.server_name);
  }
  if (which == kind::http)
    known |= fill_http(flow, text);
  if (which == kind::ssh) {
    known |= mask_of(fact::ssh);
    self[fact_text::ssh_client] = piece(text, text.ssh_client);
    self[fact_text::ssh_server] = piece(text, text.ssh_server);
    put(fact_text::hassh_client, fact::hassh_client, text.hassh_client);
    put(fact_text::hassh_server, fact::hassh_server, text.hassh_server);
  }
  if (which == kind::tls || text.tls_sni.length != 0 || text.ja3_client.length != 0)
    known |= fill_tls(flow, text);
  return known;
}

int32_t flow_facts::fill_http(const flow_record& flow, const flow_text& text) noexcept {
  auto& self = *this;
  int32_t known = 0;
  const script_text path = http_path(text);
  if (text.http_method.length != 0 && path.data != nullptr) {
    known |= mask_of(fact::http);
    self[fact_text::http_method] = piece(text, text.http_method);
    self[fact_text::http_url] = path;
    self[fact_number::http_status] = flow.http_status;
  }
  if (text.http_user_agent.length != 0) {
    known |= mask_of(fact::http_user_agent);
    self[fact_text::http_user_agent] = piece(text, text.http_user_agent);
  }
  if (text.http_content_type.length != 0) {
    known |= mask_of(fact::http_content_type);
    self[fact_text::http_content_type] = piece(text, text.http_content_type);
  }
  return known;
}

int32_t flow_facts::fill_tls(const flow_record& flow, const flow_text& text) noexcept {
  auto& self = *this;
  int32_t known = 0;
  const auto put = [&](fact_text which, fact bit, script_text value) {
    if (value.size == 0)
      return;
    known |= mask_of(bit);
    self[which] = value;
  };
  if (kind_of(flow) == kind::tls) { // QUIC has a name, but the 2017 API knew no certificates there
    put(fact_text::certificate, fact::certificate, piece(text, text.tls_sni));
    put(fact_text::server_certificate, fact::server_certificate, piece(certificate_name(text)));
  }
  put(fact_text::tls_alpn, fact::tls_alpn, piece(text, text.tls_alpn));
  put(fact_text::ja3_client, fact::ja3_client, piece(text, text.ja3_client));
  put(fact_text::ja3_server, fact::ja3_server, piece(text, text.ja3_server));
  if (flow.tls_version != 0) {
    known |= mask_of(fact::tls);
    self[fact_number::tls_version] = flow.tls_version;
    self[fact_number::tls_cipher] = flow.tls_cipher;
  }
  return known;
}

} // namespace flowactors
