#include "capture/bpf_filter.hpp"

#include "capture/source.hpp"

#include <pcap/pcap.h>

#include <algorithm>

namespace flowactors {

namespace {

// libpcap compiles for its own numbers, which differ from those in files for these.
int dlt_of(link_type link) noexcept {
  switch (link) {
  case link_type::raw: return DLT_RAW;
  case link_type::loop: return DLT_LOOP;
  case link_type::ppp_hdlc: return DLT_PPP_SERIAL;
  case link_type::cisco_hdlc: return DLT_C_HDLC;
  default: return static_cast<int>(link);
  }
}

} // namespace

bpf_filter::bpf_filter(std::string text) : text_(std::move(text)) {
}

bpf_filter::~bpf_filter() {
  for (auto& each : programs_)
    pcap_freecode(each.program.get());
}

const bpf_filter::entry* bpf_filter::find(link_type link) const noexcept {
  const auto found = std::find_if(programs_.begin(), programs_.end(), [link](const entry& each) { return each.link == link; });
  return found == programs_.end() ? nullptr : &*found;
}

result<void> bpf_filter::prepare(link_type link) {
  if (empty() || find(link) != nullptr)
    return {};
  constexpr int snap_length = 262144;
  std::unique_ptr<pcap_t, decltype(&pcap_close)> dead{pcap_open_dead(dlt_of(link), snap_length), &pcap_close};
  if (dead == nullptr)
    return error{ec::out_of_resources, "no memory to compile the filter '" + text_ + "'"};
  auto program = std::make_unique<bpf_program>();
  if (pcap_compile(dead.get(), program.get(), text_.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return error{ec::bad_setting, "the filter '" + text_ + "' is not valid: " + pcap_geterr(dead.get())};
  programs_.push_back({link, std::move(program)});
  return {};
}

bool bpf_filter::passes(const frame& f) const noexcept {
  const entry* made = find(f.link);
  if (made == nullptr)
    return false;
  pcap_pkthdr header{};
  header.caplen = f.captured;
  header.len = f.wire;
  return pcap_offline_filter(made->program.get(), &header, f.data) != 0;
}

result<void> check_filter(const std::string& filter) {
  return bpf_filter{filter}.prepare(link_type::ethernet);
}

} // namespace flowactors
