#define CAF_SUITE nodes_batch_codec
#include "nodes/batch_codec.hpp"

#include "tests/suite.hpp"

#include <cstring>
#include <limits>
#include <random>

using namespace flowactors;

namespace {

/// A text block with a server name.
struct named_text {
  flow_text head{};
  char bytes[8]{};
};

struct fixture {
  fixture() {
    text.head.size = sizeof(text);
    text.head.server_name = {sizeof(flow_text), 8};
    std::memcpy(text.bytes, "example.", 8);
  }

  std::shared_ptr<const flow_batch> batch(size_t events) {
    flow_batch_writer writer{2, events};
    for (size_t i = 0; i < events; ++i) {
      flow_record flow{};
      flow.ip_version = 4;
      flow.id = i;
      flow.slot = static_cast<uint32_t>(i);
      flow.text = i % 2;
      writer.add(static_cast<event_kind>(i % event_kind_count), flow, text.head, 10);
    }
    return writer.finish();
  }

  /// As it goes over the wire.
  void pack(const flow_batch& from) {
    bytes.clear();
    frame_header blank;
    blank.serial = 5;
    append_batch(bytes, from, blank);
    std::memcpy(&header, bytes.data(), sizeof(header));
  }

  std::span<char> body() { return std::span(bytes).subspan(sizeof(frame_header)); }

  /// Reads what is there now, as if the sender had meant it.
  std::variant<std::shared_ptr<const flow_batch>, refusal> read() {
    header.length = static_cast<uint32_t>(body().size());
    header.checksum = checksum_of(header, body());
    return read_batch(header, body(), 64u << 24);
  }

  bool refused() {
    const auto out = read();
    const auto* why = std::get_if<refusal>(&out);
    return why != nullptr && *why == refusal::bad_events;
  }

  /// Changes the first entry of a batch before it is packed.
  template <class F>
  bool refused_with(F change) {
    const auto from = batch(4);
    change(const_cast<flow_batch::entry&>(from->entries().front()));
    pack(*from);
    return refused();
  }

  named_text text;
  std::vector<char> bytes;
  frame_header header;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(batch_codec_tests, fixture)

CAF_TEST(a batch comes back as it was but for its slots) {
  const auto from = batch(9);
  pack(*from);
  auto read = read_batch(header, body(), 64u << 24);
  CAF_REQUIRE(std::holds_alternative<std::shared_ptr<const flow_batch>>(read));
  const auto& to = *std::get<std::shared_ptr<const flow_batch>>(read);
  CAF_CHECK_EQUAL(to.size(), 9u);
  CAF_CHECK_EQUAL(to.weight(), from->weight());
  CAF_CHECK(to.kinds() == from->kinds());
  for (size_t i = 0; i < 9; ++i) {
    const auto& flow = to.entries()[i].flow;
    CAF_CHECK_EQUAL(flow.id, i);
    CAF_CHECK_EQUAL(flow.slot, i + (64u << 24));
    CAF_CHECK(view(to.text(flow), to.text(flow).server_name) == (i % 2 != 0 ? "example." : ""));
  }
}

CAF_TEST(events that can not be are refused) {
  using entry = flow_batch::entry;
  CAF_CHECK(!refused_with([](entry&) {}));
  CAF_CHECK(refused_with([](entry& x) { x.flow.client_text_length = 0; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.server_text_length = 47; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.ip_version = 5; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.state = 8; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.end = end_reason_count; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.detection = 4; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.tunnel = 8; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.text = 0xffffffff; }));
  CAF_CHECK(refused_with([](entry& x) { x.flow.text = 1; })); // the middle of a block
  CAF_CHECK(refused_with(
    [](entry& x) { x.flow.client_bytes_per_s = std::numeric_limits<float>::infinity(); }));
}

CAF_TEST(texts that reach beyond their block are refused) {
  const auto spoil = [&](size_t offset, uint16_t value) {
    const auto from = batch(4);
    auto* const texts = const_cast<char*>(from->texts());
    std::memcpy(texts + size_t{from->entries()[3].flow.text} * 16 + offset, &value, sizeof(value));
    pack(*from);
    return refused();
  };
  CAF_CHECK(!spoil(offsetof(flow_text, server_name.length), 8));
  CAF_CHECK(spoil(offsetof(flow_text, server_name.length), 9));
  CAF_CHECK(spoil(offsetof(flow_text, ssh_client.offset), 60000));
  CAF_CHECK(spoil(offsetof(flow_text, size), 3));
  CAF_CHECK(spoil(offsetof(flow_text, size), 60000));
}

CAF_TEST(lengths that do not fit are refused) {
  pack(*batch(4));
  for (const uint32_t count : {0u, 5u, 4097u, 0xffffffffu}) {
    header.count = count;
    CAF_CHECK(refused());
  }
  header.count = 4;
  for (const uint32_t texts : {0u, 5u, 132097u, 0xffffffffu}) { // one unit more than there may be
    pack(*batch(4));
    std::memcpy(body().data(), &texts, sizeof(texts));
    CAF_CHECK(refused());
  }
  pack(*batch(4));
  for (size_t left = body().size(); left-- > 0;) { // no cut leaves a batch, nor reads beyond it
    bytes.resize(sizeof(header) + left);
    CAF_CHECK(refused());
  }
}

CAF_TEST(damage on the way is noticed) {
  pack(*batch(4));
  body()[100] = static_cast<char>(body()[100] ^ 1);
  const auto out = read_batch(header, body(), 0);
  CAF_REQUIRE(std::holds_alternative<refusal>(out));
  CAF_CHECK(std::get<refusal>(out) == refusal::damaged);
}

CAF_TEST(whatever a liar sends no text leads out of the batch) {
  std::minstd_rand random{7};
  for (int round = 0; round < 4000; ++round) {
    const auto from = batch(8);
    const size_t of_texts = size_t{from->entries()[7].flow.text} * 16 + sizeof(named_text);
    const auto liar = [&](const char* bytes, size_t size) {
      const_cast<char*>(bytes)[random() % size] = static_cast<char>(random());
    };
    for (int i = 0; i < round % 4; ++i) {
      liar(reinterpret_cast<const char*>(from->entries().data()), from->entries().size_bytes());
      liar(from->texts(), of_texts);
    }
    pack(*from);
    for (int i = 0; i < 3 - round % 4; ++i)
      liar(body().data(), body().size());
    const auto out = read();
    const auto* read = std::get_if<std::shared_ptr<const flow_batch>>(&out);
    if (read == nullptr)
      continue;
    size_t sum = 0;
    for (const auto& each : (*read)->entries())
      for (const char c : view((*read)->text(each.flow), (*read)->text(each.flow).server_name))
        sum += static_cast<unsigned char>(c);
    CAF_CHECK_LESS_OR_EQUAL(sum, 8u * 65535u * 255u);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
