#define CAF_SUITE capture_flow_batch

#include "capture/flow_batch.hpp"

#include "capture/text_blocks.hpp"
#include "tests/suite.hpp"

using namespace flowactors;

namespace {

struct fixture {
  result<text_blocks> made = text_blocks::make(1 << 20);
  text_blocks& texts = *made;
  flow_batch_writer aut{0, 2};

  flow_record flow(uint64_t id, std::string_view name) {
    flow_record out{};
    out.id = id;
    out.slot = 5;
    out.ip_version = 4;
    flow_text_pieces pieces;
    pieces.server_name = name;
    out.text = texts.store(pieces);
    return out;
  }

  void add(flow_record flow, int64_t now_ns, event_kind kind = event_kind::updated) {
    aut.add(kind, flow, texts.at(flow.text), now_ns);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(flow_batch_tests, fixture)

CAF_TEST(records and texts stay when the flow changes) {
  flow_record one = flow(1, "one.example");
  add(one, 10);
  texts.release(one.text);
  flow_record two = flow(2, "two.example");
  one.id = 9;
  add(two, 20);
  CAF_CHECK(aut.full());
  const auto batch = aut.finish();
  CAF_REQUIRE(batch != nullptr);
  const auto entries = batch->entries();
  CAF_REQUIRE_EQUAL(entries.size(), 2u);
  CAF_CHECK_EQUAL(entries[0].flow.id, 1u);
  CAF_CHECK_EQUAL(entries[1].now_ns, 20);
  const flow_text& first = batch->text(entries[0].flow);
  const flow_text& second = batch->text(entries[1].flow);
  CAF_CHECK_EQUAL(view(first, first.server_name), "one.example");
  CAF_CHECK_EQUAL(view(second, second.server_name), "two.example");
  CAF_CHECK(entries[0].flow.client_text_length > 0);
}

CAF_TEST(a flow without text has an empty block) {
  add(flow(1, ""), 10);
  const auto batch = aut.finish();
  const flow_text& text = batch->text(batch->entries()[0].flow);
  CAF_CHECK_EQUAL(text.server_name.length, 0u);
}

CAF_TEST(a batch begins with the first event after the last) {
  CAF_CHECK(aut.finish() == nullptr);
  add(flow(1, ""), 10);
  CAF_CHECK_EQUAL(aut.size(), 1u);
  CAF_CHECK(!aut.full());
  const auto first = aut.finish();
  CAF_CHECK_EQUAL(aut.size(), 0u);
  CAF_CHECK(aut.finish() == nullptr);
  add(flow(2, ""), 20);
  CAF_CHECK_EQUAL(first->entries()[0].flow.id, 1u);
  const auto second = aut.finish();
  CAF_CHECK_EQUAL(second->entries()[0].flow.id, 2u);
}

CAF_TEST(kinds are counted) {
  add(flow(1, ""), 10, event_kind::created);
  add(flow(1, ""), 10, event_kind::ended);
  CAF_CHECK_EQUAL(aut.kinds(), (kind_counts{1, 0, 0, 1}));
  const auto batch = aut.finish();
  CAF_CHECK_EQUAL(batch->kinds(), (kind_counts{1, 0, 0, 1}));
  CAF_CHECK_EQUAL(aut.kinds(), kind_counts{});
}

CAF_TEST(text fills a batch too) {
  aut = flow_batch_writer{0, 100};
  const std::string name(500, 'x');
  flow_text_pieces pieces;
  pieces.server_name = pieces.http_url = pieces.tls_sni = pieces.dns_query = name;
  flow_record long_one{};
  long_one.ip_version = 4;
  long_one.text = texts.store(pieces);
  size_t count = 0;
  for (; !aut.full(); ++count)
    add(long_one, 10);
  CAF_CHECK_GREATER(count, 10u);
  CAF_CHECK_LESS(count, 50u);
  const auto batch = aut.finish();
  CAF_CHECK_EQUAL(batch->size(), count);
  CAF_CHECK_GREATER_OR_EQUAL(batch->weight(), 100u);
}

CAF_TEST(slots of two workers are not the same) {
  flow_batch_writer other{1, 2};
  add(flow(1, ""), 10);
  flow_record same = flow(1, "");
  other.add(event_kind::updated, same, texts.at(0), 10);
  const auto one = aut.finish();
  const auto two = other.finish();
  CAF_CHECK_NOT_EQUAL(one->entries()[0].flow.slot, two->entries()[0].flow.slot);
  CAF_CHECK_EQUAL(same.slot, 5u);
}

CAF_TEST_FIXTURE_SCOPE_END()
