#define CAF_SUITE capture_decoder_bytes
#include "tests/capture/decoder_corpus.hpp"
#include "tests/suite.hpp"

#include <memory>
#include <random>

using namespace flowactors;
using namespace flowactors::frames;

namespace {

// Decodes a copy that ends where its buffer ends, so that AddressSanitizer sees any read beyond,
// and checks that all that comes out lies inside.
bool decode_exactly(decoder& aut, const uint8_t* data, size_t captured, size_t wire,
                    link_type link) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[captured]);
  std::copy(data, data + captured, copy.get());
  packet out;
  const frame in{copy.get(), static_cast<uint32_t>(captured), static_cast<uint32_t>(wire), 5, link};
  if (aut.decode(in, out) != undecoded::none)
    return true;
  const uint8_t* end = copy.get() + captured;
  return out.network >= copy.get() && out.network < end && out.network + out.network_captured == end
         && out.payload >= out.network && out.payload <= end
         && out.payload_captured <= out.payload_length
         && out.payload_captured <= static_cast<size_t>(end - out.payload)
         && out.wire_length == wire && (out.ip_version == 4 || out.ip_version == 6);
}

} // namespace

CAF_TEST(a frame may be cut at any byte) {
  for (const bool complete : {true, false}) {
    decoder_options options = all_tunnels();
    options.keep_incomplete = !complete;
    decoder aut{options};
    for (const corpus_frame& one : corpus()) {
      size_t good = 0;
      for (size_t size = 0; size <= one.data.size(); ++size) {
        good += decode_exactly(aut, one.data.data(), size, one.data.size(), one.link);
        good += decode_exactly(aut, one.data.data(), size, size, one.link);
      }
      CAF_CHECK_EQUAL(good, 2 * (one.data.size() + 1));
    }
  }
}

CAF_TEST(damaged frames stay inside their bytes) {
  std::mt19937 random{20261122};
  decoder aut{all_tunnels()};
  const std::vector<corpus_frame> all = corpus();
  constexpr uint8_t telling[] = {0, 1, 4, 6, 0x0f, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xff};
  size_t bad = 0;
  for (int round = 0; round < 200'000; ++round) {
    const corpus_frame& one = all[random() % all.size()];
    bytes data = one.data;
    for (uint32_t changes = 1 + random() % 4; changes > 0; --changes)
      data[random() % data.size()] =
        random() % 2 ? static_cast<uint8_t>(random()) : telling[random() % std::size(telling)];
    const size_t size = random() % 4 == 0 ? random() % (data.size() + 1) : data.size();
    const link_type link = random() % 8 == 0 ? all[random() % all.size()].link : one.link;
    bad += !decode_exactly(aut, data.data(), size, data.size(), link);
  }
  CAF_CHECK_EQUAL(bad, 0u);
}

CAF_TEST(any single byte may have any value) {
  decoder aut{all_tunnels()};
  size_t bad = 0;
  for (const corpus_frame& one : corpus()) {
    bytes data = one.data;
    for (size_t at = 0; at < data.size(); ++at) {
      for (const int value : {0, 1, 2, 4, 0x3f, 0x41, 0x4f, 0x60, 0x7f, 0x80, 0xaa, 0xfe, 0xff}) {
        data[at] = static_cast<uint8_t>(value);
        bad += !decode_exactly(aut, data.data(), data.size(), data.size(), one.link);
      }
      data[at] = one.data[at];
    }
  }
  CAF_CHECK_EQUAL(bad, 0u);
}
