#include "capture/classifier.hpp"

#include "capture/http.hpp"

#include <netinet/in.h>

#include <cstring>
#include <new>
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

bool classifier::take(flow_record& flow, flow_state& state, const packet& p) noexcept {
  if (p.fragment
      == fragment_kind::later) // no transport header: nothing that a dissector could read
    return false;
  bool news = false;
  if (state.stage == dpi_stage::none) {
    if (defers(p) && defer(state, p))
      return false;
  } else if (state.stage == dpi_stage::deferred) {
    deferred_packet* first = std::exchange(state.first, nullptr);
    state.dpi = nullptr;
    state.stage = dpi_stage::none;
    news = show(flow, state, first->bytes, first->length, first->time_ns);
    free_.push_back(first);
    if (state.stage == dpi_stage::done)
      return news;
  }
  return show(flow, state, p.network, p.network_captured, p.time_ns) || news;
}

bool classifier::show(flow_record& flow, flow_state& state, const uint8_t* network,
                      uint32_t captured, int64_t time_ns) noexcept {
  if (state.stage == dpi_stage::none) {
    state.dpi = dpi_->acquire();
    state.stage = state.dpi != nullptr
                    ? dpi_stage::active
                    : dpi_stage::done; // without memory it goes on without a label
    if (state.dpi == nullptr)
      return false;
  }
  const uint64_t packets = flow.client.packets + flow.server.packets;
  const bool last = (flow.protocol == IPPROTO_TCP && packets > max_tcp_packets_)
                    || (flow.protocol == IPPROTO_UDP && packets > max_udp_packets_);
  const auto said = dpi_->inspect(*state.dpi, flow, network, captured, time_ns, last);
  if (!said.news && !said.complete)
    return false;
  dpi_->describe(*state.dpi, flow, texts_);
  state.http = flow.protocol == IPPROTO_TCP && detector::speaks_http(flow);
  if (said.complete) {
    abandon(state);
    state.stage = dpi_stage::done;
  }
  return said.news;
}

bool classifier::follow_http(flow_record& flow, flow_state& state, const packet& p,
                             bool from_client) noexcept {
  const std::string_view payload{reinterpret_cast<const char*>(p.payload), p.payload_captured};
  flow_text_pieces pieces = texts_.pieces(flow.text);
  bool news = false;
  if (from_client) {
    http_request request;
    if (!read_http_request(payload, request))
      return false;
    state.asked = true;
    flow.http_status = 0;
    pieces.http_method = request.method;
    pieces.http_url = request.target;
    pieces.http_content_type = {};
    if (!request.host.empty())
      pieces.server_name = request.host;
    if (!request.user_agent.empty())
      pieces.http_user_agent = request.user_agent;
  } else {
    http_response response;
    if (!state.asked || !read_http_response(payload, response))
      return false;
    state.asked = false;
    flow.http_status = response.status;
    pieces.http_content_type = response.content_type;
    news = !response.content_type.empty();
  }
  const uint32_t before = flow.text;
  flow.text = texts_.store(pieces); // reads from the block before
  texts_.release(before);
  return news;
}

bool classifier::defer(flow_state& state, const packet& p) noexcept {
  constexpr size_t per_block = 1024;
  if (free_.empty()) {
    auto* block = new (std::nothrow) deferred_packet[per_block];
    if (block == nullptr)
      return false;
    blocks_.emplace_back(block);
    free_.reserve(blocks_.size() * per_block);
    for (size_t i = per_block; i > 0; --i)
      free_.push_back(block + i - 1);
  }
  state.first = free_.back();
  free_.pop_back();
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
    free_.push_back(first);
  }
  if (state.stage == dpi_stage::active) {
    dpi_->conclude(*state.dpi, flow);
    dpi_->describe(*state.dpi, flow, texts_);
    abandon(state);
  }
  state.stage = dpi_stage::done;
}

void classifier::abandon(flow_state& state) noexcept {
  if (state.stage == dpi_stage::active)
    dpi_->release(std::exchange(state.dpi, nullptr));
}

} // namespace flowactors
