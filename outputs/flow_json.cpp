#include "outputs/flow_json.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace flowactors {

namespace {

std::string_view name_at(const std::vector<std::string>& names, size_t number) {
  return number < names.size() ? std::string_view(names[number]) : std::string_view();
}

/// A number in hexadecimal digits, at least two, as EVE writes TCP flags.
class hex_digits {
public:
  explicit hex_digits(unsigned value) noexcept {
    if (value < 16)
      digits_[size_++] = '0';
    size_ = static_cast<size_t>(
      std::to_chars(digits_.data() + size_, digits_.data() + digits_.size(), value, 16).ptr
      - digits_.data());
  }
  std::string_view text() const noexcept { return {digits_.data(), size_}; }

private:
  std::array<char, 8> digits_{};
  size_t size_ = 0;
};

void write_address(json_members& out, std::string_view key, const uint8_t (&address)[16],
                   uint8_t version) {
  char text[46];
  const size_t size = format_address(address, version, text);
  out.text(key, {text, size});
}

void write_transport(json_members& out, const flow_record& flow) {
  char digits[4];
  switch (flow.protocol) {
    case IPPROTO_TCP:
      return out.text("proto", "TCP");
    case IPPROTO_UDP:
      return out.text("proto", "UDP");
    case IPPROTO_ICMP:
      return out.text("proto", "ICMP");
    case IPPROTO_ICMPV6:
      return out.text("proto", "IPv6-ICMP");
    case IPPROTO_SCTP:
      return out.text("proto", "SCTP");
    default:
      const auto end = std::to_chars(digits, digits + sizeof(digits), unsigned{flow.protocol}).ptr;
      out.text("proto", {digits, static_cast<size_t>(end - digits)});
  }
}

bool is_icmp(const flow_record& flow) noexcept {
  return flow.protocol == IPPROTO_ICMP || flow.protocol == IPPROTO_ICMPV6;
}

void write_ends(json_members& out, const flow_record& flow) {
  if (flow.vlan != 0) {
    out.open_list("vlan");
    out.item(uint64_t{flow.vlan});
    out.end_list();
  }
  write_address(out, "src_ip", flow.client_address, flow.ip_version);
  if (!is_icmp(flow))
    out.number("src_port", flow.client_port);
  write_address(out, "dest_ip", flow.server_address, flow.ip_version);
  if (!is_icmp(flow))
    out.number("dest_port", flow.server_port);
  out.number("ip_v", flow.ip_version);
  write_transport(out, flow);
  if (is_icmp(flow)) {
    out.number("icmp_type", flow.icmp_type);
    out.number("icmp_code", flow.icmp_code);
  }
}

/// The protocol that carries the application, in lower case: "tls" for TLS.Google.
void write_app_proto(json_members& out, const flow_record& flow, const catalog& names) {
  const uint16_t number = flow.master_protocol != 0 ? flow.master_protocol : flow.app_protocol;
  const auto known = name_at(names.protocols, number);
  if (number == 0 || known.empty()) {
    if (static_cast<detection_state>(flow.detection) == detection_state::gave_up)
      out.text("app_proto", "failed");
    return;
  }
  std::string lower(known);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  out.text("app_proto", lower);
}

// -- "flow" ---------------------------------------------------------------------------------------

/// EVE knows four reasons.
std::string_view eve_reason(end_reason reason) noexcept {
  switch (reason) {
    case end_reason::idle:
    case end_reason::active:
    case end_reason::closed:
    case end_reason::reset:
      return "timeout";
    case end_reason::evicted_half_open:
    case end_reason::evicted_single:
    case end_reason::evicted_established:
    case end_reason::clock_reset:
      return "forced";
    case end_reason::end_of_input:
    case end_reason::shutdown:
      return "shutdown";
    case end_reason::none:
      break;
  }
  return "unknown";
}

/// EVE knows three states of a flow that is not bypassed.
std::string_view eve_state(const flow_record& flow) noexcept {
  switch (static_cast<tcp_state>(flow.state)) {
    case tcp_state::syn_sent:
    case tcp_state::syn_received:
      return "new";
    case tcp_state::established:
    case tcp_state::closing:
    case tcp_state::midstream:
      return "established";
    case tcp_state::closed:
    case tcp_state::reset:
      return "closed";
    case tcp_state::none:
      break;
  }
  return flow.server.packets != 0 ? "established" : "new";
}

void write_counts(json_members& out, const flow_event& event) {
  const flow_record& flow = *event.flow;
  out.open("flow");
  out.number("pkts_toserver", flow.client.packets);
  out.number("pkts_toclient", flow.server.packets);
  out.number("bytes_toserver", flow.client.bytes);
  out.number("bytes_toclient", flow.server.bytes);
  out.number("payload_bytes_toserver", flow.client.payload_bytes);
  out.number("payload_bytes_toclient", flow.server.payload_bytes);
  out.time("start", flow.first_seen_ns);
  if (event.kind == event_kind::ended) {
    out.time("end", flow.last_seen_ns);
    out.number("age", static_cast<uint64_t>(std::max<int64_t>(
                        (flow.last_seen_ns - flow.first_seen_ns) / 1'000'000'000, 0)));
    out.text("state", eve_state(flow));
    const auto reason = static_cast<end_reason>(flow.end);
    out.text("reason", eve_reason(reason));
    out.text("end_reason", to_string(reason));
  }
  out.end();
}

std::string_view tcp_state_name(const flow_record& flow) noexcept {
  constexpr std::array<std::string_view, 8> names{"none",    "syn_sent", "syn_recv", "established",
                                                  "closing", "closed",   "reset",    "midstream"};
  return flow.state < names.size() ? names[flow.state] : "none";
}

void write_tcp(json_members& out, const flow_record& flow) {
  if (flow.protocol != IPPROTO_TCP)
    return;
  const unsigned flags = flow.client_tcp.flags | flow.server_tcp.flags;
  out.open("tcp");
  out.text("tcp_flags", hex_digits(flags).text());
  out.text("tcp_flags_ts", hex_digits(flow.client_tcp.flags).text());
  out.text("tcp_flags_tc", hex_digits(flow.server_tcp.flags).text());
  constexpr std::array<std::string_view, 6> names{"fin", "syn", "rst", "psh", "ack", "urg"};
  for (size_t i = 0; i < names.size(); ++i)
    if ((flags >> i & 1) != 0)
      out.boolean(names[i], true);
  out.text("state", tcp_state_name(flow));
  out.number("retransmissions_toserver", flow.client_tcp.retransmissions);
  out.number("retransmissions_toclient", flow.server_tcp.retransmissions);
  out.end();
}

// -- what the protocols have shown ----------------------------------------------------------------

void write_fingerprint(json_members& out, std::string_view key, std::string_view hash) {
  if (hash.empty())
    return;
  out.open(key);
  out.text("hash", hash);
  out.end();
}

std::string_view tls_version_name(uint16_t version) noexcept {
  switch (version) {
    case 0x0300:
      return "SSLv3";
    case 0x0301:
      return "TLSv1";
    case 0x0302:
      return "TLS 1.1";
    case 0x0303:
      return "TLS 1.2";
    case 0x0304:
      return "TLS 1.3";
    default:
      return "UNDETERMINED";
  }
}

void write_tls(json_members& out, const flow_record& flow, const flow_text& text) {
  const auto part = [&text](const flow_text_span& span) { return view(text, span); };
  const auto sni = part(text.tls_sni);
  const bool any = flow.tls_version != 0 || !sni.empty() || !part(text.ja3_client).empty();
  if (!any)
    return;
  out.open("tls");
  out.text_if("sni", sni);
  if (flow.tls_version != 0) {
    out.text("version", tls_version_name(flow.tls_version));
    out.number("cipher", flow.tls_cipher);
  }
  out.text_if("subject", part(text.tls_subject));
  out.text_if("issuerdn", part(text.tls_issuer));
  out.text_if("subjectaltname", part(text.tls_server_names));
  out.text_if("alpn", part(text.tls_alpn));
  write_fingerprint(out, "ja3", part(text.ja3_client));
  write_fingerprint(out, "ja3s", part(text.ja3_server));
  out.end();
}

void write_http(json_members& out, const flow_record& flow, const flow_text& text) {
  const auto part = [&text](const flow_text_span& span) { return view(text, span); };
  const auto url = part(text.http_url);
  if (url.empty() && flow.http_status == 0)
    return;
  out.open("http");
  out.text_if("hostname", part(text.server_name));
  out.text_if("url", url);
  out.text_if("http_user_agent", part(text.http_user_agent));
  out.text_if("http_content_type", part(text.http_content_type));
  out.text_if("http_method", part(text.http_method));
  if (flow.http_status != 0)
    out.number("status", flow.http_status);
  out.end();
}

std::string_view dns_code_name(unsigned code) noexcept {
  constexpr std::array<std::string_view, 6> names{"NOERROR",  "FORMERR", "SERVFAIL",
                                                  "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return code < names.size() ? names[code] : std::string_view();
}

std::string_view dns_type_name(unsigned type) noexcept {
  struct entry {
    unsigned type;
    std::string_view name;
  };
  constexpr std::array<entry, 15> names{{{1, "A"},
                                         {2, "NS"},
                                         {5, "CNAME"},
                                         {6, "SOA"},
                                         {12, "PTR"},
                                         {15, "MX"},
                                         {16, "TXT"},
                                         {28, "AAAA"},
                                         {33, "SRV"},
                                         {43, "DS"},
                                         {46, "RRSIG"},
                                         {48, "DNSKEY"},
                                         {64, "SVCB"},
                                         {65, "HTTPS"},
                                         {255, "ANY"}}};
  const auto* found = std::ranges::find(names, type, &entry::type);
  return found == names.end() ? std::string_view() : found->name;
}

void write_dns(json_members& out, const flow_record& flow, const flow_text& text) {
  const auto query = view(text, text.dns_query);
  if (query.empty() && flow.dns_query_type == 0)
    return;
  out.open("dns");
  out.text_if("rrname", query);
  out.text_if("rrtype", dns_type_name(flow.dns_query_type));
  out.number("rrtype_number", flow.dns_query_type);
  if (flow.server.packets != 0) {
    out.text_if("rcode", dns_code_name(flow.dns_reply_code));
    out.number("rcode_number", flow.dns_reply_code);
  }
  out.end();
}

void write_ssh_side(json_members& out, std::string_view key, std::string_view signature,
                    std::string_view hassh) {
  if (signature.empty() && hassh.empty())
    return;
  out.open(key);
  out.text_if("software_version", signature);
  write_fingerprint(out, "hassh", hassh);
  out.end();
}

void write_ssh(json_members& out, const flow_text& text) {
  const auto part = [&text](const flow_text_span& span) { return view(text, span); };
  if (part(text.ssh_client).empty() && part(text.ssh_server).empty())
    return;
  out.open("ssh");
  write_ssh_side(out, "client", part(text.ssh_client), part(text.hassh_client));
  write_ssh_side(out, "server", part(text.ssh_server), part(text.hassh_server));
  out.end();
}

void write_ndpi(json_members& out, const flow_record& flow, const flow_text& text,
                const catalog& names) {
  if (flow.app_protocol == 0 && flow.master_protocol == 0 && flow.risk == 0)
    return;
  const auto app = name_at(names.protocols, flow.app_protocol);
  const auto master = name_at(names.protocols, flow.master_protocol);
  out.open("ndpi");
  if (flow.master_protocol == 0 || flow.master_protocol == flow.app_protocol)
    out.text_if("proto", app);
  else if (flow.app_protocol == 0)
    out.text_if("proto", master);
  else
    out.text("proto", std::string(master).append(".").append(app));
  out.text_if("category", name_at(names.categories, flow.category));
  out.text_if("breed", name_at(names.protocol_breeds, flow.app_protocol));
  out.text_if("confidence", name_at(names.confidences, flow.confidence));
  out.text_if("hostname", view(text, text.server_name));
  if (flow.risk != 0) {
    out.open_list("risks");
    for (size_t bit = 0; bit < 64; ++bit)
      if ((flow.risk >> bit & 1) != 0)
        out.item(name_at(names.risks, bit));
    out.end_list();
    out.number("risk_score", flow.risk_score);
  }
  out.end();
}

void write_tunnel(json_members& out, const flow_record& flow) {
  if (flow.tunnel == 0)
    return;
  out.open("tunnel");
  out.text("proto", to_string(static_cast<tunnel_kind>(flow.tunnel)));
  out.number("id", flow.tunnel_id);
  out.end();
}

} // namespace

void write_flow(json_members& out, const flow_event& event, const catalog* names, uint16_t seed) {
  static const catalog none;
  const catalog& known = names != nullptr ? *names : none;
  const flow_record& flow = *event.flow;
  out.time("timestamp", event.now_ns);
  out.number("flow_id", flow.id);
  out.text("event_type", event.kind == event_kind::ended ? "flow" : to_string(event.kind));
  write_ends(out, flow);
  write_app_proto(out, flow, known);
  out.text("community_id", community_id(flow, seed));
  write_counts(out, event);
  write_tcp(out, flow);
  write_tls(out, flow, *event.text);
  write_http(out, flow, *event.text);
  write_dns(out, flow, *event.text);
  write_ssh(out, *event.text);
  write_ndpi(out, flow, *event.text, known);
  write_tunnel(out, flow);
}

} // namespace flowactors
