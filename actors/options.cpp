#include "actors/options.hpp"

#include <algorithm>
#include <chrono>

namespace flowactors {

namespace {

bool has(const std::vector<std::string>& names, const char* name) {
  return std::ranges::find(names, name) != names.end();
}

decoder_options decoder_options_of(const settings::decode_section& from) {
  decoder_options out;
  out.ip_in_ip = has(from.tunnels, to_string(tunnel_kind::ip_in_ip));
  out.six_in_four = has(from.tunnels, to_string(tunnel_kind::six_in_four));
  out.gre = has(from.tunnels, to_string(tunnel_kind::gre));
  out.vxlan = has(from.tunnels, to_string(tunnel_kind::vxlan));
  out.gtp = has(from.tunnels, to_string(tunnel_kind::gtp_u));
  out.capwap = has(from.tunnels, to_string(tunnel_kind::capwap));
  out.tzsp = has(from.tunnels, to_string(tunnel_kind::tzsp));
  out.vxlan_port = from.vxlan_port;
  out.gtp_port = from.gtp_port;
  out.follow_fragments = from.fragments == "follow";
  out.fragment_entries = from.fragment_entries;
  out.keep_incomplete = from.incomplete == "keep";
  out.drop_damaged = from.damaged == "drop";
  out.max_headers = from.max_headers;
  return out;
}

/// Of [inline] and of contexts.
template <class Section>
script_limits limits_of(const Section& from) {
  script_limits out;
  out.deadline = from.deadline;
  out.load_deadline = from.load_deadline;
  out.memory = from.memory;
  out.output = from.output;
  out.pattern_steps = from.pattern_steps;
  out.recursion = from.recursion;
  out.on_limit = from.on_limit == "keep"   ? limit_action::keep
                 : from.on_limit == "stop" ? limit_action::stop
                                           : limit_action::suspend;
  out.breaches = from.breaches;
  out.within = from.within;
  out.retry_after = from.retry_after;
  return out;
}

template <class Section>
script_vm_options options_of(const settings& from, const Section& scripts) {
  script_vm_options out;
  out.root = from.scripts.root;
  out.helper_bytes = from.scripts.helper_size;
  out.jit = from.scripts.jit == "on"    ? jit_mode::on
            : from.scripts.jit == "off" ? jit_mode::off
                                        : jit_mode::automatic;
  out.trusted = scripts.trusted;
  out.compat_names = scripts.compat_names == "2017" ? name_age::of_year_2017 : name_age::current;
  out.community_id_seed = from.flows.community_id_seed;
  out.limits = limits_of(scripts);
  return out;
}

// A file can wait at any time, and what is under way costs memory: a few batches keep both ends at
// work. Over a link they would not (docs/cluster.md).
uint64_t credit_of_file(const settings::context_section& context) {
  constexpr uint64_t batches = 4;
  return std::min<uint64_t>(context.lane, batches * context.batch);
}

} // namespace

tracker_options tracker_options_of(const settings& from) {
  tracker_options out;
  out.decoding = decoder_options_of(from.decode);
  out.count_captured = from.decode.bytes == "captured";
  out.max_flows = from.flows.max;
  out.idle_after_ns = from.flows.idle_after.count();
  out.closed_after_ns = from.flows.closed_after.count();
  out.active_after_ns = from.flows.active_after.count();
  out.update_every_ns = from.flows.update_every.count();
  out.local_networks = from.flows.local_networks;
  out.dpi = from.dpi.enabled;
  out.guess = from.dpi.guess;
  out.max_tcp_packets = from.dpi.max_tcp_packets;
  out.max_udp_packets = from.dpi.max_udp_packets;
  out.protocols_file = from.dpi.protocols_file;
  return out;
}

live_options live_options_of(const settings& from) {
  live_options out;
  out.snap_length = from.capture.snap_length;
  out.buffer_bytes = from.capture.buffer;
  out.promiscuous = from.capture.promiscuous;
  out.immediate = from.capture.immediate;
  out.wait = std::chrono::duration_cast<std::chrono::milliseconds>(from.capture.wait);
  out.filter = from.capture.filter;
  return out;
}

script_vm_options script_options_of(const settings& from) {
  return options_of(from, from.inline_scripts);
}

script_vm_options script_options_of(const settings& from, const std::string& context,
                                    const settings::context_section& section) {
  auto out = options_of(from, section);
  out.context = context;
  return out;
}

lane_options lane_options_of(const settings& from, const settings::context_section& context,
                             bool blocks) {
  const bool live = !from.capture.interface.empty();
  const auto policy = context.policy == "oldest"   ? shed_policy::oldest
                      : context.policy == "sample" ? shed_policy::sample
                                                   : shed_policy::newest;
  const bool here = context.at.empty();
  return {live || !here ? context.lane : credit_of_file(context), policy, !live, blocks};
}

batch_options batch_options_of(const settings::context_section& context, event_mask kinds) {
  return {kinds, context.shards, context.batch, context.linger, nullptr};
}

value_store::limits store_limits_of(const settings& from) {
  return {from.scripts.store_entries, from.scripts.store_size};
}

record_queue_options queue_options_of(const settings& from,
                                      const settings::output_section& output) {
  record_queue_options out;
  out.max_bytes = output.queue;
  out.max_record = output.max_record;
  out.emits = output.what != "flows";
  if (output.what != "emits")
    out.flows = mask_of(event_kind::ended);
  if (output.what != "emits" && output.detected)
    out.flows = static_cast<event_mask>(out.flows | mask_of(event_kind::detected));
  const bool live = !from.capture.interface.empty();
  out.patient = output.when_full == "wait" || (output.when_full == "auto" && !live);
  out.patience = std::chrono::duration_cast<std::chrono::milliseconds>(output.wait);
  return out;
}

std::vector<capture_order> plan_captures(const settings& from) {
  std::vector<capture_order> out;
  const auto& paths = from.capture.read;
  const uint32_t workers = from.capture.workers;
  if (!paths.empty())
    out.push_back({paths.size() == 1 ? paths.front() : std::to_string(paths.size()) + " inputs", "",
                   paths, workers, 0});
  uint64_t first_id = out.size(); // the workers of paths number the same frames
  for (const auto& interface : from.capture.interface) {
    out.push_back(
      {interface, interface, {}, workers, first_id, from.capture.on_input_loss == "retry"});
    first_id += workers;
  }
  return out;
}

tracker_options tracker_options_of(const settings& from, const capture_order& order,
                                   uint32_t worker) {
  auto out = tracker_options_of(from);
  const bool live = !order.interface.empty();
  if (!live)
    out.share = {worker, order.workers};
  out.first_id = order.first_id + (live ? worker : 0);
  out.id_step = (from.capture.read.empty() ? 0 : 1)
                + from.capture.interface.size() * uint64_t{from.capture.workers};
  return out;
}

} // namespace flowactors
