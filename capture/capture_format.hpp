#pragma once

#include "capture/packet.hpp"
#include "capture/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace flowactors {

/// The format of a capture file: makes frames of bytes. Knows no files; what it is shown may be cut
/// anywhere.
class capture_format {
public:
  /// What came of a stretch of bytes.
  struct step {
    size_t consumed = 0; ///< bytes done with
    size_t frames = 0;   ///< frames written; they point into the bytes
    size_t wanted = 0; ///< bytes that the next record needs, more than are left; 0 = `out` is full
    uint64_t begun =
      0; ///< bytes already consumed of a record that is not over (a long one that is skipped)
    std::optional<error>
      fault; ///< the bytes after `consumed` can't be read; what came before is good
  };

  /// No frame is larger: what claims to be is taken for damage.
  static constexpr uint32_t max_captured = 1u << 22;

  virtual ~capture_format() = default;

  /// Reads records from the front of `bytes` into `out`. `offset` is where they stand in the file,
  /// for messages.
  virtual step parse(std::span<const uint8_t> bytes, uint64_t offset, std::span<frame> out) = 0;

  /// Recognises the format by the first bytes of a file. `need` bytes must be there, unless the
  /// file is shorter.
  static constexpr size_t need = 24;
  static result<std::unique_ptr<capture_format>> recognize(std::span<const uint8_t> first,
                                                           const std::string& name);
};

/// Classic pcap (draft-ietf-opsawg-pcap): micro- and nanoseconds, both byte orders, and the old
/// variants that libpcap reads.
std::unique_ptr<capture_format> make_pcap_format();

/// pcapng (draft-ietf-opsawg-pcapng): several sections and interfaces; enhanced, simple and
/// obsolete packet blocks.
std::unique_ptr<capture_format> make_pcapng_format();

/// The link type of a file's number; the DLT_RAW of systems that wrote it unchanged becomes `raw`.
link_type link_of_file(uint32_t number) noexcept;

/// "link type 127 is not supported; supported are ..."
error unsupported_link(link_type link);

} // namespace flowactors
