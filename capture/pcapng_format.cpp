#include "capture/capture_format.hpp"
#include "capture/source.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace flowactors {

namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr uint32_t section_block = 0x0a0d0d0a;
constexpr uint32_t byte_order = 0x1a2b3c4d;
constexpr uint32_t interface_block = 1;
constexpr uint32_t old_packet_block = 2;
constexpr uint32_t simple_packet_block = 3;
constexpr uint32_t enhanced_packet_block = 6;
constexpr size_t block_frame = 12; // type, length, and the length again at the end
constexpr size_t max_interfaces = 65536;
constexpr uint64_t second_ns = 1'000'000'000;

class pcapng_format final : public capture_format {
public:
  step parse(std::span<const uint8_t> bytes, uint64_t offset, std::span<frame> out) override {
    step done;
    while (done.frames < out.size()) {
      if (!skip(bytes, done))
        break;
      const uint8_t* block = bytes.data() + done.consumed;
      const size_t left = bytes.size() - done.consumed;
      if (left < block_frame) {
        done.wanted = block_frame;
        break;
      }
      uint32_t type;
      std::memcpy(&type, block, 4);
      if (type == section_block)
        other_order_ = number(block + 8) != byte_order ? !other_order_ : other_order_;
      type = number(block);
      const uint32_t length = number(block + 4);
      if (length < block_frame || length % 4 != 0
          || (type == section_block && number(block + 8) != byte_order)) {
        done.fault =
          error{ec::bad_format, "the block at byte " + std::to_string(offset + done.consumed)
                                  + " has a length or a byte order mark that no block has"};
        break;
      }
      if (!known(type)) {
        skip_ = skipped_block_ = length;
        continue;
      }
      if (length > max_captured + 4096) {
        done.fault = error{
          ec::bad_format, "the block at byte " + std::to_string(offset + done.consumed) + " claims "
                            + std::to_string(length) + " bytes, more than any packet has"};
        break;
      }
      if (left < length) {
        done.wanted = length;
        break;
      }
      if (const char* wrong = take(type, block, length, done, out); wrong != nullptr) {
        done.fault =
          wrong == no_link
            ? unsupported_link(interfaces_[0].link)
            : error{ec::bad_format,
                    "the block at byte " + std::to_string(offset + done.consumed) + " " + wrong};
        break;
      }
      done.consumed += length;
    }
    return done;
  }

private:
  struct interface {
    link_type link;
    uint32_t snap_length;
    uint64_t units_per_second; // of its time stamps
    int64_t offset_s;
  };

  static constexpr const char* no_link = "";

  static bool known(uint32_t type) noexcept {
    return type == section_block || type == interface_block || type == old_packet_block
           || type == simple_packet_block || type == enhanced_packet_block;
  }

  // Blocks that mean nothing here may be larger than any buffer.
  bool skip(std::span<const uint8_t> bytes, step& done) noexcept {
    const size_t now = std::min<size_t>(skip_, bytes.size() - done.consumed);
    done.consumed += now;
    skip_ -= static_cast<uint32_t>(now);
    done.wanted = skip_ != 0 ? std::min<size_t>(skip_, 4096) : 0;
    done.begun = skip_ != 0 ? skipped_block_ - skip_ : 0;
    return skip_ == 0;
  }

  // What is wrong with the block, or nullptr.
  const char* take(uint32_t type, const uint8_t* block, uint32_t length, step& done,
                   std::span<frame> out) {
    if (number(block + length - 4) != length)
      return "gives another length at its end than at its beginning";
    switch (type) {
      case section_block:
        return open_section(block, length);
      case interface_block:
        return open_interface(block, length);
      case simple_packet_block:
        return take_simple(block, length, done, out);
      default:
        return take_packet(type, block, length, done, out);
    }
  }

  const char* open_section(const uint8_t* block, uint32_t length) {
    interfaces_.clear();
    if (length < 28)
      return "is too short for a section";
    return half(block + 12) == 1 ? nullptr
                                 : "has a pcapng version that is not supported; expected 1.x";
  }

  const char* open_interface(const uint8_t* block, uint32_t length) {
    if (length < 20)
      return "is too short for an interface";
    interface made {
      link_of_file(half(block + 8)), number(block + 12), 1'000'000, 0
    };
    const uint8_t* end = block + length - 4;
    for (const uint8_t* option = block + 16; end - option >= 4;) {
      const uint16_t code = half(option);
      const uint16_t size = half(option + 2);
      const uint8_t* value = option + 4;
      if (code == 0 || end - value < size)
        break;
      if (code == 9 && size == 1)
        made.units_per_second = units(*value);
      if (code == 14 && size == 8)
        made.offset_s = static_cast<int64_t>(wide(value));
      option = value + (size + 3u) / 4 * 4;
    }
    if (made.units_per_second == 0)
      return "gives a time resolution that does not fit 64 bits";
    if (interfaces_.size() == max_interfaces)
      return "describes more interfaces than any machine has";
    interfaces_.push_back(made);
    return nullptr;
  }

  const char* take_packet(uint32_t type, const uint8_t* block, uint32_t length, step& done,
                          std::span<frame> out) {
    constexpr uint32_t head = 28;
    if (length < head + 4)
      return "is too short for a packet";
    const uint32_t index = type == enhanced_packet_block ? number(block + 8) : half(block + 8);
    const uint32_t captured = number(block + 20);
    const uint32_t wire = number(block + 24);
    if (captured > length - head - 4)
      return "holds fewer bytes of the packet than it claims";
    if (index >= interfaces_.size())
      return "names an interface that was not described";
    const interface& from = interfaces_[index];
    if (index == 0 && !supported(from.link) && !any_frame_)
      return no_link;
    any_frame_ = true;
    last_ns_ = time_ns(from, uint64_t{number(block + 12)} << 32 | number(block + 16));
    out[done.frames++] = {block + head, captured, std::max(wire, captured), last_ns_, from.link};
    return nullptr;
  }

  // Has no time of its own: it gets that of the packet before.
  const char* take_simple(const uint8_t* block, uint32_t length, step& done, std::span<frame> out) {
    constexpr uint32_t head = 12;
    if (length < head + 4)
      return "is too short for a packet";
    if (interfaces_.empty())
      return "names an interface that was not described";
    const interface& from = interfaces_[0];
    if (!supported(from.link) && !any_frame_)
      return no_link;
    any_frame_ = true;
    const uint32_t wire = number(block + 8);
    const uint32_t limit = from.snap_length != 0 ? from.snap_length : UINT32_MAX;
    out[done.frames++] = {block + head, std::min({wire, limit, length - head - 4}), wire, last_ns_,
                          from.link};
    return nullptr;
  }

  static uint64_t units(uint8_t resolution) noexcept {
    const unsigned exponent = resolution & 0x7f;
    if ((resolution & 0x80) != 0)
      return exponent < 64 ? uint64_t{1} << exponent : 0;
    uint64_t value = exponent < 20 ? 1 : 0;
    for (unsigned i = 0; i < exponent && value != 0; ++i)
      value *= 10;
    return value;
  }

  static int64_t time_ns(const interface& from, uint64_t stamp) noexcept {
    const uint64_t per_second = from.units_per_second;
    if (per_second == 1'000'000) [[likely]]
      return static_cast<int64_t>(stamp * 1000 + static_cast<uint64_t>(from.offset_s) * second_ns);
    const uint64_t seconds = stamp / per_second;
    const auto rest =
      static_cast<uint64_t>(static_cast<uint128>(stamp % per_second) * second_ns / per_second);
    return static_cast<int64_t>(seconds * second_ns + rest
                                + static_cast<uint64_t>(from.offset_s) * second_ns);
  }

  uint32_t number(const uint8_t* at) const noexcept {
    uint32_t value;
    std::memcpy(&value, at, 4);
    return other_order_ ? __builtin_bswap32(value) : value;
  }

  uint16_t half(const uint8_t* at) const noexcept {
    uint16_t value;
    std::memcpy(&value, at, 2);
    return other_order_ ? __builtin_bswap16(value) : value;
  }

  uint64_t wide(const uint8_t* at) const noexcept {
    uint64_t value;
    std::memcpy(&value, at, 8);
    return other_order_ ? __builtin_bswap64(value) : value;
  }

  std::vector<interface> interfaces_;
  bool other_order_ = false;
  bool any_frame_ = false;
  uint32_t skip_ = 0;
  uint32_t skipped_block_ = 0;
  int64_t last_ns_ = 0;
};

} // namespace

std::unique_ptr<capture_format> make_pcapng_format() {
  return std::make_unique<pcapng_format>();
}

} // namespace flowactors
