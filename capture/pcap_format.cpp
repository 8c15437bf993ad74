#include "capture/capture_format.hpp"
#include "capture/source.hpp"

#include <cstring>
#include <utility>

namespace flowactors {

namespace {

constexpr size_t file_header = 24;
constexpr size_t record_header = 16;
constexpr int64_t second_ns = 1'000'000'000;

class pcap_format final : public capture_format {
public:
  step parse(std::span<const uint8_t> bytes, uint64_t offset, std::span<frame> out) override {
    step done;
    if (!opened_) {
      if (bytes.size() < file_header) {
        done.wanted = file_header;
        return done;
      }
      if (auto fault = open(bytes.data()); fault)
        return {0, 0, 0, 0, std::move(fault)};
      done.consumed = file_header;
    }
    while (done.frames < out.size()) {
      const uint8_t* record = bytes.data() + done.consumed;
      const size_t left = bytes.size() - done.consumed;
      if (left < header_) {
        done.wanted = header_;
        break;
      }
      uint32_t captured = number(record + 8);
      uint32_t wire = number(record + 12);
      if (swapped_lengths_ || (maybe_swapped_lengths_ && captured > wire))
        std::swap(captured, wire);
      if (captured > max_captured) {
        done.fault =
          error{ec::bad_format, "the record at byte " + std::to_string(offset + done.consumed)
                                  + " claims " + std::to_string(captured)
                                  + " captured bytes, more than any frame has"};
        break;
      }
      if (left < header_ + captured) {
        done.wanted = header_ + captured;
        break;
      }
      out[done.frames++] = {record + header_, captured, wire < captured ? captured : wire,
                            number(record) * second_ns + number(record + 4) * fraction_ns_, link_};
      done.consumed += header_ + captured;
    }
    return done;
  }

private:
  uint32_t number(const uint8_t* at) const noexcept {
    uint32_t value;
    std::memcpy(&value, at, 4);
    return other_order_ ? __builtin_bswap32(value) : value;
  }

  std::optional<error> open(const uint8_t* header) {
    constexpr uint32_t micro = 0xa1b2c3d4, nano = 0xa1b23c4d, modified = 0xa1b2cd34;
    uint32_t magic = number(header);
    if (magic != micro && magic != nano && magic != modified) {
      other_order_ = true;
      magic = number(header);
    }
    const uint32_t versions = number(header + 4);
    const uint32_t major = other_order_ ? versions >> 16 : versions & 0xffff;
    const uint32_t minor = other_order_ ? versions & 0xffff : versions >> 16;
    if (major != 2 || minor > 4)
      return error{ec::unsupported, "pcap version " + std::to_string(major) + "."
                                      + std::to_string(minor) + " is not supported; expected 2.4"};
    fraction_ns_ = magic == nano ? 1 : 1000;
    header_ = magic == modified ? record_header + 8 : record_header;
    // Before version 2.4 the two lengths of a record stood the other way round, and in 2.3 nobody
    // can tell.
    swapped_lengths_ = minor < 3;
    maybe_swapped_lengths_ = minor == 3;
    link_ = link_of_file(number(header + 20) & 0x03ffffff);
    if (!supported(link_))
      return unsupported_link(link_);
    opened_ = true;
    return {};
  }

  bool opened_ = false;
  bool other_order_ = false;
  bool swapped_lengths_ = false;
  bool maybe_swapped_lengths_ = false;
  size_t header_ = record_header;
  int64_t fraction_ns_ = 1000;
  link_type link_ = link_type::ethernet;
};

} // namespace

std::unique_ptr<capture_format> make_pcap_format() {
  return std::make_unique<pcap_format>();
}

} // namespace flowactors
