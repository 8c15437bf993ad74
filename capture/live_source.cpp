#include "capture/packet_fanout.hpp"
#include "capture/source.hpp"

#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

namespace flowactors {

namespace {

using pcap_handle = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

link_type link_of_dlt(int dlt) noexcept {
  switch (dlt) {
    case DLT_RAW:
      return link_type::raw;
    case DLT_LOOP:
      return link_type::loop;
    case DLT_PPP_SERIAL:
      return link_type::ppp_hdlc;
    case DLT_C_HDLC:
      return link_type::cisco_hdlc;
    default:
      return static_cast<link_type>(dlt);
  }
}

std::string interfaces_here() {
  // libpcap's own list has buses and queues in it, whose frames nobody here can decode.
  std::string names;
  std::unique_ptr<struct if_nameindex[], decltype(&if_freenameindex)> all{if_nameindex(),
                                                                          &if_freenameindex};
  for (size_t i = 0; all != nullptr && all[i].if_name != nullptr; ++i)
    names += std::string{all[i].if_name} + ", ";
  return names + "any";
}

error activation_error(const std::string& interface, int code, const char* detail) {
  const std::string text = *detail != '\0' ? detail : pcap_statustostr(code);
  switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return {ec::not_found,
              "there is no interface " + interface + "; there are: " + interfaces_here()};
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return {
        ec::no_permission,
        "no right to capture on "
          + interface + "; run as root, or give the program the capability: setcap cap_net_raw,cap_net_admin=eip flowactors"};
    case PCAP_ERROR_IFACE_NOT_UP:
      return {ec::io_failed, "the interface " + interface + " is down; bring it up: ip link set "
                               + interface + " up"};
    default:
      return {ec::io_failed, "can't capture on " + interface + ": " + text};
  }
}

/// An interface. libpcap's bytes are valid only in its callback, so frames are copied into a
/// stretch that is used again.
// An empty text is a filter that all frames pass.
result<void> give_filter(pcap_t* handle, const std::string& filter) {
  bpf_program program{};
  if (pcap_compile(handle, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return error{ec::bad_setting,
                 "the filter '" + filter + "' is not valid: " + pcap_geterr(handle)};
  const int status = pcap_setfilter(handle, &program);
  pcap_freecode(&program);
  if (status != 0)
    return error{ec::bad_setting,
                 "the kernel does not take the filter '" + filter + "': " + pcap_geterr(handle)};
  return {};
}

class live_source final : public source {
public:
  live_source(std::string name, pcap_handle handle, int wake_fd, const live_options& options)
    : name_(std::move(name)),
      handle_(std::move(handle)),
      wake_fd_(wake_fd),
      snap_length_(static_cast<uint32_t>(pcap_snapshot(handle_.get()))),
      wait_ms_(static_cast<int>(std::clamp<int64_t>(options.wait.count(), 0, INT32_MAX))),
      link_(link_of_dlt(pcap_datalink(handle_.get()))),
      fraction_ns_(pcap_get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1
                                                                                          : 1000) {}

  ~live_source() override { close(wake_fd_); }

  result<size_t> read(std::span<frame> out) override {
    if (out.empty() || at_end())
      return size_t{0};
    if (out.size() > frames_)
      reserve(out.size());
    batch_ = {out, 0, 0};
    auto got = dispatch();
    if (!got || *got != 0)
      return got;
    pollfd both[] = {{pcap_get_selectable_fd(handle_.get()), POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    if (poll(both, 2, wait_ms_) <= 0)
      return size_t{0};
    uint64_t times;
    [[maybe_unused]] const ssize_t taken =
      ::read(wake_fd_, &times, sizeof(times)); // an interruption ends with this call
    return dispatch();
  }

  bool at_end() const noexcept override { return failed_ && !fault_; }
  bool live() const noexcept override { return true; }

  source_counters counters() noexcept override {
    pcap_stat now{};
    if (pcap_stats(handle_.get(), &now) == 0) {
      counters_.kernel_dropped += growth(last_drop_, now.ps_drop);
      counters_.interface_dropped += growth(last_ifdrop_, now.ps_ifdrop);
      captured_ += growth(last_received_, now.ps_recv); // with those that were dropped
      dropped_ += growth(last_of_ring_, now.ps_drop);
      counters_.unread = captured_ - std::min(captured_, dropped_ + taken_);
    }
    return counters_;
  }

  int descriptor() const noexcept { return pcap_fileno(handle_.get()); }

  /// Leaves out what was captured before, and what was lost until now.
  void begin_at(int64_t time_ns) noexcept {
    begin_ns_ = time_ns;
    counters();
    counters_ = {};
  }

  result<void> set_filter(const std::string& filter) override {
    return give_filter(handle_.get(), filter);
  }

  progress_bytes progress() const noexcept override { return {counters_.bytes, 0}; }

  void interrupt() noexcept override {
    const int kept = errno; // it may be in use where a signal came
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written =
      write(wake_fd_, &one, sizeof(one)); // full = it is awake already
    errno = kept;
  }

  std::vector<error> take_warnings() override { return {}; }
  const std::string& name() const noexcept override { return name_; }

private:
  struct batch {
    std::span<frame> out;
    size_t frames;
    size_t bytes;
  };

  // The library's counters are 32 bits wide and wrap; a driver that is set up anew begins at 0.
  static uint32_t growth(uint32_t& last, uint32_t now) noexcept {
    const uint32_t more = now - std::exchange(last, now);
    return more < 1u << 31 ? more : 0;
  }

  void reserve(size_t frames) {
    frames_ = frames;
    bytes_ = std::make_unique_for_overwrite<uint8_t[]>(
      frames * snap_length_); // touched only as far as frames are long
  }

  result<size_t> dispatch() {
    if (fault_)
      return *std::exchange(fault_, {});
    const int got = pcap_dispatch(handle_.get(), static_cast<int>(batch_.out.size()),
                                  &live_source::take, reinterpret_cast<u_char*>(this));
    counters_.handed_out += batch_.frames;
    counters_.bytes += batch_.bytes;
    if (got < 0 && got != PCAP_ERROR_BREAK) {
      failed_ = true;
      fault_ =
        error{ec::io_failed, "the interface " + name_ + " failed: " + pcap_geterr(handle_.get())};
      if (batch_.frames == 0)
        return *std::exchange(fault_, {});
    }
    return batch_.frames;
  }

  static void take(u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
    auto& self = *reinterpret_cast<live_source*>(user);
    batch& b = self.batch_;
    ++self.taken_;
    if (b.frames == b.out.size())
      return;
    const int64_t time_ns =
      int64_t{header->ts.tv_sec} * 1'000'000'000 + int64_t{header->ts.tv_usec} * self.fraction_ns_;
    if (time_ns < self.begin_ns_)
      return;
    const uint32_t captured = std::min<uint32_t>(header->caplen, self.snap_length_);
    uint8_t* place = self.bytes_.get() + b.bytes;
    std::memcpy(place, bytes, captured);
    b.out[b.frames++] = {place, captured, std::max<uint32_t>(header->len, captured), time_ns,
                         self.link_};
    b.bytes += captured;
  }

  std::string name_;
  pcap_handle handle_;
  int wake_fd_;
  uint32_t snap_length_;
  int wait_ms_;
  link_type link_;
  int64_t fraction_ns_;
  int64_t begin_ns_ = INT64_MIN;
  std::unique_ptr<uint8_t[]> bytes_;
  size_t frames_ = 0;
  batch batch_{};
  source_counters counters_;
  uint32_t last_drop_ = 0;
  uint32_t last_ifdrop_ = 0;
  uint32_t last_received_ = 0;
  uint32_t last_of_ring_ = 0;
  uint64_t captured_ = 0, dropped_ = 0, taken_ = 0; // since it was opened
  bool failed_ = false;
  std::optional<error> fault_; // to be told when the frames before it are done with
};

// A loopback interface shows every packet twice, going out and coming in. libpcap leaves out the
// first, but only after it took room in the ring and was counted where there was none.
void leave_out_own_copies(pcap_t* handle, const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  const int fd = pcap_fileno(handle);
  const int yes = 1;
  if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK) != 0)
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes,
               sizeof(yes)); // since Linux 4.20; else as above
}

result<std::unique_ptr<live_source>> open_live(const std::string& interface,
                                               const live_options& options) {
  char text[PCAP_ERRBUF_SIZE] = "";
  pcap_handle handle{pcap_create(interface.c_str(), text), &pcap_close};
  if (handle == nullptr)
    return error{ec::out_of_resources, "can't capture on " + interface + ": " + text};
  pcap_set_snaplen(handle.get(), static_cast<int>(options.snap_length));
  pcap_set_promisc(handle.get(), options.promiscuous ? 1 : 0);
  pcap_set_timeout(handle.get(), static_cast<int>(std::max<int64_t>(options.wait.count(), 1)));
  pcap_set_buffer_size(handle.get(),
                       static_cast<int>(std::min<uint64_t>(options.buffer_bytes, INT32_MAX)));
  pcap_set_immediate_mode(handle.get(), options.immediate ? 1 : 0);
  pcap_set_tstamp_precision(
    handle.get(), PCAP_TSTAMP_PRECISION_NANO); // where it is not offered, microseconds stay
  if (const int status = pcap_activate(handle.get()); status < 0)
    return activation_error(interface, status, pcap_geterr(handle.get()));
  if (pcap_setnonblock(handle.get(), 1, text) != 0)
    return error{ec::io_failed, "can't capture on " + interface + ": " + text};
  if (!supported(link_of_dlt(pcap_datalink(handle.get()))))
    return error{ec::unsupported, "the interface " + interface + " has link type "
                                    + std::to_string(pcap_datalink(handle.get()))
                                    + ", which is not supported"};
  if (!options.filter.empty())
    if (auto filtered = give_filter(handle.get(), options.filter); !filtered)
      return filtered.failure();
  leave_out_own_copies(handle.get(), interface);
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0)
    return error{ec::out_of_resources,
                 "can't make an event descriptor for " + interface + ": " + std::strerror(errno)};
  return std::make_unique<live_source>(interface, std::move(handle), wake_fd, options);
}

} // namespace

result<std::unique_ptr<source>> open_interface(const std::string& interface,
                                               const live_options& options) {
  auto opened = open_live(interface, options);
  if (!opened)
    return opened.failure();
  return std::unique_ptr<source>{std::move(*opened)};
}

result<std::vector<std::unique_ptr<source>>> open_interface(const std::string& interface,
                                                            const live_options& options,
                                                            size_t workers) {
  std::vector<std::unique_ptr<live_source>> opened;
  packet_fanout fanout;
  for (size_t i = 0; i < workers; ++i) {
    auto one = open_live(interface, options);
    if (!one)
      return one.failure();
    if (auto joined = fanout.join((*one)->descriptor(), interface); !joined)
      return joined.failure();
    opened.push_back(std::move(*one));
  }
  // Until now some had packets of others, and the last one had all.
  const int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  std::vector<std::unique_ptr<source>> out;
  for (auto& each : opened) {
    each->begin_at(now_ns);
    out.push_back(std::move(each));
  }
  return out;
}

} // namespace flowactors
