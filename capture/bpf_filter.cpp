#include "capture/bpf_filter.hpp"

#include "capture/source.hpp"

#include <pcap/pcap.h>

#include <algorithm>

namespace flowactors {

namespace {

// libpcap compiles for its own numbers, which differ from those in files for these.
int dlt_of(link_type link) noexcept {
  switch (link) {
    case link_type::raw:
      return DLT_RAW;
    case link_type::loop:
      return DLT_LOOP;
    case link_type::ppp_hdlc:
      return DLT_PPP_SERIAL;
    case link_type::cisco_hdlc:
      return DLT_C_HDLC;
    default:
      return static_cast<int>(link);
  }
}

struct program_free {
  void operator()(bpf_program* program) const {
    pcap_freecode(program);
    delete program;
  }
};
using compiled = std::unique_ptr<bpf_program, program_free>;

result<compiled> compile(const std::string& text, link_type link) {
  constexpr int snap_length = 262144;
  std::unique_ptr<pcap_t, decltype(&pcap_close)> dead{pcap_open_dead(dlt_of(link), snap_length),
                                                      &pcap_close};
  if (dead == nullptr)
    return error{ec::out_of_resources, "no memory to compile the filter '" + text + "'"};
  compiled program{new bpf_program{}};
  if (pcap_compile(dead.get(), program.get(), text.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return error{ec::bad_setting,
                 "the filter '" + text + "' is not valid: " + pcap_geterr(dead.get())};
  return program;
}

// Loads from beyond every frame: what Linux keeps beside a packet (direction, interface) and no
// file does.
bool asks_the_kernel(const bpf_program& program) noexcept {
  constexpr uint32_t ancillary = 0xfffff000;
  return std::any_of(program.bf_insns, program.bf_insns + program.bf_len, [](const bpf_insn& each) {
    return BPF_CLASS(each.code) == BPF_LD && BPF_MODE(each.code) == BPF_ABS && each.k >= ancillary;
  });
}

} // namespace

bpf_filter::bpf_filter(std::string text) : text_(std::move(text)) {}

bpf_filter::~bpf_filter() {
  for (auto& each : programs_)
    program_free{}(each.program);
}

const bpf_filter::entry* bpf_filter::find(link_type link) const noexcept {
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [link](const entry& each) { return each.link == link; });
  return found == programs_.end() ? nullptr : &*found;
}

result<void> bpf_filter::prepare(link_type link) {
  if (empty() || find(link) != nullptr)
    return {};
  auto program = compile(text_, link);
  if (!program)
    return program.failure();
  if (asks_the_kernel(**program))
    return error{ec::bad_setting, "the filter '" + text_ + "' asks for a direction or an interface, which only packets from an interface have; "
                                    "leave that out for files"};
  programs_.push_back({link, program->release()});
  return {};
}

bool bpf_filter::passes(const frame& f) const noexcept {
  const entry* made = find(f.link);
  if (made == nullptr)
    return false;
  pcap_pkthdr header{};
  header.caplen = f.captured;
  header.len = f.wire;
  return pcap_offline_filter(made->program, &header, f.data) != 0;
}

result<void> source::set_filter(const std::string&) {
  return error{ec::unsupported, "the filter of " + name() + " can't be changed while it is read"};
}

result<void> check_filter(const std::string& filter) {
  if (filter.empty())
    return {};
  if (auto program = compile(filter, link_type::ethernet); !program)
    return program.failure();
  return {};
}

} // namespace flowactors
