#include "capture/classifier.hpp"

#include "capture/http.hpp"

#include <netinet/in.h>

#include <cstring>
#include <utility>

namespace flowactors {

classifier::classifier(std::unique_ptr<detector> dpi, text_blocks texts, uint32_t max_tcp_packets,
                       uint32_t max_udp_packets)
  : dpi_(std::move(dpi)),
    texts_(std::move(texts)),
    max_tcp_packets_(max_tcp_packets),
    max_udp_packets_(max_udp_packets) {}

bool classifier::defers(const packet& p) const noexcept {
  return dpi_ != nullptr && p.protocol == IPPROTO_TCP && p.payload_length == 0
         && p.network_captured <= deferred_packet::capacity;
}

// What a packet has shown of an HTTP exchange.
struct classifier::http_news {
  bool request = false;
  bool response = false;
  http_request asked;
  http_response answered;
};

bool classifier::take(flow_record& flow, flow_state& state, const packet& p,
                      bool from_client) noexcept {
  detector::outcome said{false, false};
  // A later fragment has no transport header: nothing that a dissector could read.
  if (state.stage != dpi_stage::done && p.fragment != fragment_kind::later)
    said = inspect(flow, state, p);
  if (said.news || said.complete)
    state.http = flow.protocol == IPPROTO_TCP && detector::speaks_http(flow);
  http_news exchange;
  if (state.http && p.payload_captured != 0) {
    const std::string_view payload{reinterpret_cast<const char*>(p.payload), p.payload_captured};
    exchange.request = from_client && read_http_request(payload, exchange.asked);
    exchange.response =
      !from_client && state.asked && read_http_response(payload, exchange.answered);
  }
  if (said.news || said.complete || exchange.request || exchange.response)
    learn(flow, state, said, exchange);
  return said.news || (exchange.response && !exchange.answered.content_type.empty());
}

// The packet's turn with nDPI: it may have to wait, or bring along the one that has waited.
detector::outcome classifier::inspect(flow_record& flow, flow_state& state,
                                      const packet& p) noexcept {
  bool news = false;
  if (state.stage == dpi_stage::none) {
    if (defers(p) && defer(state, p))
      return {false, false};
  } else if (state.stage == dpi_stage::deferred) {
    deferred_packet* first = std::exchange(state.first, nullptr);
    state.dpi = nullptr;
    state.stage = dpi_stage::none;
    const auto said = show(flow, state, first->bytes, first->length, first->time_ns);
    deferred_.give(first);
    if (said.complete || state.stage == dpi_stage::done)
      return said;
    news = said.news;
  }
  const auto said = show(flow, state, p.network, p.network_captured, p.time_ns);
  return {said.news || news, said.complete};
}

detector::outcome classifier::show(flow_record& flow, flow_state& state, const uint8_t* network,
                                   uint32_t captured, int64_t time_ns) noexcept {
  if (state.stage == dpi_stage::none) {
    state.dpi = dpi_->acquire();
    state.stage = state.dpi != nullptr
                    ? dpi_stage::active
                    : dpi_stage::done; // without memory it goes on without a label
    if (state.dpi == nullptr)
      return {false, false};
  }
  const uint64_t packets = flow.client.packets + flow.server.packets;
  const bool last = (flow.protocol == IPPROTO_TCP && packets > max_tcp_packets_)
                    || (flow.protocol == IPPROTO_UDP && packets > max_udp_packets_);
  return dpi_->inspect(*state.dpi, flow, network, captured, time_ns, last);
}

// Writes the flow's text anew, once a packet: from nDPI's state, then from the exchange.
void classifier::learn(flow_record& flow, flow_state& state, detector::outcome said,
                       const http_news& exchange) noexcept {
  flow_text_pieces pieces;
  if (state.http) // what was said before stays
    pieces = texts_.pieces(flow.text);
  if (said.news || said.complete)
    pieces = dpi_->describe(*state.dpi, flow, pieces);
  if (exchange.request) {
    state.asked = true;
    flow.http_status = 0;
    pieces.http_method = exchange.asked.method;
    pieces.http_url = exchange.asked.target;
    pieces.http_content_type = {};
    if (!exchange.asked.host.empty())
      pieces.server_name = exchange.asked.host;
    if (!exchange.asked.user_agent.empty())
      pieces.http_user_agent = exchange.asked.user_agent;
  } else if (exchange.response) {
    state.asked = false;
    flow.http_status = exchange.answered.status;
    pieces.http_content_type = exchange.answered.content_type;
  }
  flow.text = texts_.replace(flow.text, pieces);
  if (said.complete) {
    abandon(state);
    state.stage = dpi_stage::done;
  }
}

bool classifier::defer(flow_state& state, const packet& p) noexcept {
  deferred_packet* place = deferred_.take();
  if (place == nullptr)
    return false;
  state.first = place;
  state.first->time_ns = p.time_ns;
  state.first->length = static_cast<uint8_t>(p.network_captured);
  std::memcpy(state.first->bytes, p.network, p.network_captured);
  state.stage = dpi_stage::deferred;
  return true;
}

void classifier::conclude(flow_record& flow, flow_state& state) noexcept {
  if (state.stage == dpi_stage::deferred) {
    deferred_packet* first = state.first;
    state.dpi = dpi_->acquire();
    state.stage = state.dpi != nullptr ? dpi_stage::active : dpi_stage::done;
    if (state.dpi != nullptr)
      dpi_->inspect(*state.dpi, flow, first->bytes, first->length, first->time_ns, false);
    deferred_.give(first);
  }
  if (state.stage == dpi_stage::active) {
    dpi_->conclude(*state.dpi, flow);
    const flow_text_pieces before =
      detector::speaks_http(flow) ? texts_.pieces(flow.text) : flow_text_pieces{};
    flow.text = texts_.replace(flow.text, dpi_->describe(*state.dpi, flow, before));
    abandon(state);
  }
  state.stage = dpi_stage::done;
}

void classifier::abandon(flow_state& state) noexcept {
  if (state.stage == dpi_stage::active)
    dpi_->release(std::exchange(state.dpi, nullptr));
}

} // namespace flowactors
