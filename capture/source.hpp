#pragma once

#include "capture/packet.hpp"
#include "capture/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flowactors {

/// What a source has counted so far. `read` = handed out + filtered.
struct source_counters {
  uint64_t handed_out = 0; ///< frames given to the caller
  uint64_t filtered =
    0; ///< frames that a file's BPF filter refused (the kernel filters live ones unseen)
  uint64_t bytes = 0;             ///< captured bytes handed out
  uint64_t kernel_dropped = 0;    ///< live only: no room in the ring
  uint64_t interface_dropped = 0; ///< live only: lost in the driver
  uint64_t unread = 0;            ///< live only: in the ring, not handed out yet; at the end: never
};

/// Where a stream of frames comes from: an interface, a file, a folder of files, standard input.
class source {
public:
  virtual ~source() = default;

  /// Fills `out` from the front and says how many frames it holds now. They stay valid until the
  /// next call. 0 = nothing for now (live: `wait` ran out; or at_end()). An error is final; frames
  /// before it were handed out.
  virtual result<size_t> read(std::span<frame> out) = 0;

  /// What holds the bytes of the frames of the last `read`: they stay valid as long as it is kept.
  /// Null where they can't be kept.
  virtual std::shared_ptr<const uint8_t[]> bytes() const noexcept { return nullptr; }

  /// True once nothing will come any more.
  virtual bool at_end() const noexcept = 0;

  /// True for an interface: time goes on without packets, and the caller must not keep it waiting.
  virtual bool live() const noexcept = 0;

  /// Counters so far.
  virtual source_counters counters() noexcept = 0;

  /// Bytes consumed and in all, for a progress display; total 0 = unknown (standard input,
  /// interface).
  struct progress_bytes {
    uint64_t done = 0;
    uint64_t total = 0;
  };
  virtual progress_bytes progress() const noexcept = 0;

  /// Makes a `read` that waits, or the next one, return soon; the source is not at its end by that.
  /// May be called from another thread or a signal handler.
  virtual void interrupt() noexcept = 0;

  /// Frames that come from here on pass this BPF text instead; only an interface can do that. On an
  /// error the old one stays.
  virtual result<void> set_filter(const std::string& filter);

  /// Faults that did not end the run (a file of a folder that is cut short, say), each a whole
  /// sentence. Moves them out.
  virtual std::vector<error> take_warnings() = 0;

  /// "eth0", a path, or "standard input".
  virtual const std::string& name() const noexcept = 0;
};

struct live_options {
  uint32_t snap_length = 262144;     ///< bytes kept of a frame
  uint64_t buffer_bytes = 64u << 20; ///< kernel ring
  bool promiscuous = true;
  bool immediate = false; ///< a frame at a time instead of a block at a time; each takes room in
                          ///< the ring for the longest
  std::chrono::milliseconds wait{100}; ///< the longest that `read` blocks
  std::string filter;                  ///< BPF text, empty = all
};

/// Opens an interface through libpcap (TPACKET_V3 on Linux). Errors name the interface and the way
/// out (not_found lists the interfaces there are, no_permission names the capability).
result<std::unique_ptr<source>> open_interface(const std::string& interface,
                                               const live_options& options);

/// Opens an interface for several workers: the kernel gives each packet to one of the sources, all
/// packets between two addresses to the same one (see packet_fanout). Each has a ring of its own.
/// What came before the last of them was ready is left out.
result<std::vector<std::unique_ptr<source>>> open_interface(const std::string& interface,
                                                            const live_options& options,
                                                            size_t workers);

/// Opens a capture file (pcap or pcapng, micro- or nanoseconds, either byte order), a folder of
/// them (in name order, not recursive), a FIFO, or standard input ("-"). `filter` is BPF text,
/// empty = all. A file that is cut short gives what it holds, then warns with the byte where it
/// ended. In a folder, a file that can't be read is a warning and the next follows; alone it is an
/// error.
result<std::unique_ptr<source>> open_path(const std::string& path, const std::string& filter);

/// Checks BPF text without opening anything.
result<void> check_filter(const std::string& filter);

/// True if frames of this link type can be decoded.
bool supported(link_type link) noexcept;

} // namespace flowactors
