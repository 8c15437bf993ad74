#include "capture/detector.hpp"

#include "capture/library_calls.hpp"

#include <ndpi/ndpi_api.h>

#include <algorithm>
#include <cstring>

namespace flowactors {

namespace {

bool has_protocol(const ndpi_flow_struct& state, uint16_t protocol) noexcept {
  return state.detected_protocol_stack[0] == protocol
         || state.detected_protocol_stack[1] == protocol;
}

// `protos` is a union: its TLS member means something for these alone.
bool speaks_tls(const ndpi_flow_struct& state) noexcept {
  return has_protocol(state, NDPI_PROTOCOL_TLS) || has_protocol(state, NDPI_PROTOCOL_QUIC)
         || has_protocol(state, NDPI_PROTOCOL_DTLS) || has_protocol(state, NDPI_PROTOCOL_MAIL_SMTPS)
         || has_protocol(state, NDPI_PROTOCOL_MAIL_POPS)
         || has_protocol(state, NDPI_PROTOCOL_MAIL_IMAPS);
}

bool speaks_dns(const ndpi_flow_struct& state) noexcept {
  return has_protocol(state, NDPI_PROTOCOL_DNS) || has_protocol(state, NDPI_PROTOCOL_MDNS)
         || has_protocol(state, NDPI_PROTOCOL_LLMNR);
}

std::string_view text(const char* found) noexcept {
  return found != nullptr ? std::string_view{found} : std::string_view{};
}

template <size_t N>
std::string_view text(const char (&found)[N]) noexcept {
  return {found, strnlen(found, N)};
}

std::string_view hexadecimal(const unsigned char (&hash)[20], char (&out)[40]) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  bool any = false;
  for (size_t i = 0; i < 20; ++i) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
    any |= hash[i] != 0;
  }
  return any ? std::string_view{out, 40} : std::string_view{};
}

void describe_tls(const ndpi_flow_struct& state, flow_record& flow,
                  flow_text_pieces& pieces) noexcept {
  const auto& tls = state.protos.tls_quic;
  pieces.tls_sni = text(state.host_server_name);
  pieces.tls_server_names = text(tls.server_names);
  pieces.tls_issuer = text(tls.issuerDN);
  pieces.tls_subject = text(tls.subjectDN);
  pieces.tls_alpn = text(tls.alpn);
  pieces.tls_versions = text(tls.tls_supported_versions);
  pieces.ja3_client = text(tls.ja3_client);
  pieces.ja3_server = text(tls.ja3_server);
  flow.tls_version = tls.ssl_version;
  flow.tls_cipher = tls.server_cipher;
}

void describe_ssh(const ndpi_flow_struct& state, flow_text_pieces& pieces) noexcept {
  pieces.ssh_client = text(state.protos.ssh.client_signature);
  pieces.ssh_server = text(state.protos.ssh.server_signature);
  pieces.hassh_client = text(state.protos.ssh.hassh_client);
  pieces.hassh_server = text(state.protos.ssh.hassh_server);
}

} // namespace

result<std::unique_ptr<detector>> detector::make(const detector_options& options) {
  if (ndpi_get_api_version() != NDPI_API_VERSION
      || ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct))
    return error{ec::bad_library, std::string{"libndpi is "} + ndpi_revision()
                                    + ", but this was built for API version "
                                    + std::to_string(NDPI_API_VERSION)
                                    + "; install the matching libndpi or build again"};
  ndpi_detection_module_struct* module = ndpi_init_detection_module(ndpi_no_prefs);
  if (module == nullptr)
    return error{ec::out_of_resources, "nDPI could not make a detection module: out of memory"};
  std::unique_ptr<detector> made{new detector(module, options.guess)};
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
  ndpi_set_protocol_detection_bitmask2(module, &all);
  if (!options.protocols_file.empty()
      && ndpi_load_protocols_file(module, options.protocols_file.c_str()) < 0)
    return error{ec::bad_setting, "nDPI can't load the protocols file " + options.protocols_file};
  ndpi_finalize_initialization(module);
  made->answers_ = std::make_unique<module_answers>(module);
  made->fill_names();
  return made;
}

detector::detector(ndpi_detection_module_struct* module, bool guess)
  : module_(module), guess_(guess) {}

detector::~detector() {
  ndpi_exit_detection_module(module_);
}

void detector::fill_names() {
  const uint32_t protocols = ndpi_get_num_supported_protocols(module_);
  for (uint32_t i = 0; i < protocols; ++i) {
    const auto id = static_cast<uint16_t>(i);
    names_.protocols.emplace_back(ndpi_get_proto_name(module_, id));
    const ndpi_protocol_breed_t breed = ndpi_get_proto_breed(module_, id);
    breeds_.push_back(static_cast<uint8_t>(breed));
    names_.protocol_breeds.emplace_back(ndpi_get_proto_breed_name(module_, breed));
  }
  for (int i = 0; i < NDPI_PROTOCOL_NUM_CATEGORIES; ++i)
    names_.categories.emplace_back(
      ndpi_category_get_name(module_, static_cast<ndpi_protocol_category_t>(i)));
  for (int i = 0; i <= NDPI_PROTOCOL_UNRATED; ++i)
    names_.breeds.emplace_back(
      ndpi_get_proto_breed_name(module_, static_cast<ndpi_protocol_breed_t>(i)));
  for (int i = 0; i < NDPI_CONFIDENCE_MAX; ++i)
    names_.confidences.emplace_back(ndpi_confidence_get_name(static_cast<ndpi_confidence_t>(i)));
  for (int i = 0; i < NDPI_MAX_RISK; ++i)
    names_.risks.emplace_back(ndpi_risk2str(static_cast<ndpi_risk_enum>(i)));
}

ndpi_flow_struct* detector::acquire() noexcept {
  ndpi_flow_struct* state = states_.take();
  if (state != nullptr)
    std::memset(static_cast<void*>(state), 0, sizeof(*state));
  return state;
}

void detector::release(ndpi_flow_struct* state) noexcept {
  ndpi_free_flow_data(state);
  states_.give(state);
}

bool detector::speaks_http(const flow_record& flow) noexcept {
  return (flow.master_protocol != NDPI_PROTOCOL_UNKNOWN ? flow.master_protocol : flow.app_protocol)
         == NDPI_PROTOCOL_HTTP;
}

detector::outcome detector::inspect(ndpi_flow_struct& state, flow_record& flow,
                                    const uint8_t* network, uint32_t captured, int64_t now_ns,
                                    bool last) noexcept {
  const answers_in_use guard{*answers_};
  const auto length = static_cast<uint16_t>(std::min<uint32_t>(captured, UINT16_MAX));
  const ndpi_protocol said = ndpi_detection_process_packet(
    module_, &state, network, length, static_cast<uint64_t>(now_ns / 1'000'000));
  const bool known = said.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (!known && !last)
    return {false, false};
  if (!known) {
    give_up(state, flow);
    return {true, true};
  }
  const bool news =
    said.app_protocol != flow.app_protocol || said.master_protocol != flow.master_protocol;
  flow.master_protocol = said.master_protocol;
  flow.app_protocol = said.app_protocol;
  flow.category = static_cast<uint8_t>(said.category);
  flow.breed = said.app_protocol < breeds_.size() ? breeds_[said.app_protocol] : uint8_t{0};
  flow.confidence = static_cast<uint8_t>(state.confidence);
  flow.detection = static_cast<uint8_t>(detection_state::detected);
  flow.risk = state.risk;
  return {news, last || ndpi_extra_dissection_possible(module_, &state) == 0};
}

void detector::give_up(ndpi_flow_struct& state, flow_record& flow) noexcept {
  uint8_t guessed = 0;
  const ndpi_protocol said = ndpi_detection_giveup(module_, &state, guess_ ? 1 : 0, &guessed);
  const bool known =
    said.app_protocol != NDPI_PROTOCOL_UNKNOWN || said.master_protocol != NDPI_PROTOCOL_UNKNOWN;
  flow.master_protocol = said.master_protocol == said.app_protocol ? uint16_t{NDPI_PROTOCOL_UNKNOWN}
                                                                   : said.master_protocol;
  flow.app_protocol = said.app_protocol;
  flow.category = static_cast<uint8_t>(said.category);
  flow.breed = said.app_protocol < breeds_.size() ? breeds_[said.app_protocol] : uint8_t{0};
  flow.confidence = static_cast<uint8_t>(state.confidence);
  flow.detection = static_cast<uint8_t>(!known         ? detection_state::gave_up
                                        : guessed != 0 ? detection_state::guessed
                                                       : detection_state::detected);
  flow.risk = state.risk;
}

void detector::conclude(ndpi_flow_struct& state, flow_record& flow) noexcept {
  const answers_in_use guard{*answers_};
  give_up(state, flow);
}

flow_text_pieces detector::describe(const ndpi_flow_struct& state, flow_record& flow,
                                    const flow_text_pieces& before) noexcept {
  flow_text_pieces pieces;
  if (speaks_http(flow)) {
    pieces.http_method = before.http_method;
    pieces.http_url = before.http_url;
    pieces.http_content_type = before.http_content_type;
    pieces.http_user_agent = before.http_user_agent;
  } else {
    pieces.http_user_agent = text(state.http.user_agent);
  }
  pieces.server_name = pieces.http_url.empty() ? text(state.host_server_name) : before.server_name;
  if (speaks_tls(state))
    describe_tls(state, flow, pieces);
  else if (has_protocol(state, NDPI_PROTOCOL_SSH))
    describe_ssh(state, pieces);
  else if (has_protocol(state, NDPI_PROTOCOL_BITTORRENT))
    pieces.bittorrent_hash = hexadecimal(state.protos.bittorrent.hash, hash_);
  else if (speaks_dns(state)) {
    pieces.dns_query = pieces.server_name;
    flow.dns_query_type = state.protos.dns.query_type;
    flow.dns_reply_code = state.protos.dns.reply_code;
  }
  if (state.risk != 0) {
    uint16_t client = 0;
    uint16_t server = 0;
    flow.risk_score = ndpi_risk2score(state.risk, &client, &server);
  }
  return pieces;
}

} // namespace flowactors
