#define CAF_SUITE nodes_channel
#include "nodes/channel.hpp"

#include "tests/nodes/certificates.hpp"
#include "tests/suite.hpp"

#include <algorithm>
#include <random>

using namespace flowactors;

namespace {

constexpr size_t longest = 1 << 20;

/// A channel and what it has said and heard.
struct side {
  channel talk;
  std::vector<char> wire;
  std::vector<std::string> heard;
  std::optional<refusal> wrong;

  void say(const std::string& text) {
    frame_header header;
    header.kind = frame_kind::batch;
    talk.say(wire, [&](std::vector<char>& out) { append_frame(out, header, text); });
  }

  void hear() {
    for (;;) {
      const auto came = talk.next(longest, wire);
      if (const auto* why = std::get_if<refusal>(&came)) {
        wrong = *why;
        return;
      }
      const auto* frame = std::get_if<whole_frame>(&came);
      if (frame == nullptr)
        return;
      CAF_CHECK(is_whole(frame->header, frame->body));
      heard.emplace_back(frame->body.begin(), frame->body.end());
    }
  }
};

/// Moves what one side has said to the other, in pieces of at most so many bytes.
bool move(side& from, side& to, size_t at_most) {
  const auto bytes = std::exchange(from.wire, {});
  std::span<const char> left = bytes;
  while (!left.empty() && !to.wrong) {
    const auto wanted = to.talk.next_reading();
    const size_t n = wanted.exactly ? wanted.bytes : std::min({wanted.bytes, at_most, left.size()});
    CAF_REQUIRE(n != 0 && n <= left.size());
    to.talk.put(left.first(n));
    to.hear();
    left = left.subspan(n);
  }
  return !bytes.empty();
}

void settle(side& one, side& other, size_t at_most = 1 << 30) {
  for (;;) {
    const bool there = move(one, other, at_most);
    const bool back = move(other, one, at_most);
    if (!there && !back)
      return;
  }
}

struct fixture {
  certificates folder;

  std::shared_ptr<const tls_credentials> keys(const std::string& wanted,
                                              const std::string& below = ".") {
    return folder.read(folder.make(wanted, below));
  }

  void call(side& from, side& to, const std::shared_ptr<const tls_credentials>& mine,
            const std::shared_ptr<const tls_credentials>& theirs, const std::string& host) {
    from.talk = channel::call(mine, host, from.wire);
    to.talk = channel::accept(theirs);
  }

  side sensor, analyzer;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(channel_tests, fixture)

CAF_TEST(frames go through in the open) {
  sensor.say("one");
  sensor.say("");
  analyzer.say("two");
  settle(sensor, analyzer);
  CAF_CHECK(analyzer.heard == (std::vector<std::string>{"one", ""}));
  CAF_CHECK(sensor.heard == (std::vector<std::string>{"two"}));
  CAF_CHECK(sensor.talk.may_be("anybody"));
}

CAF_TEST(what is said before the greeting of TLS is over waits for it and comes in order) {
  const auto mine = keys("sensor");
  const auto theirs = keys("analyzer=127.0.0.1");
  for (const size_t at_most : {size_t{1}, size_t{7}, size_t{100000}}) {
    side one, other;
    call(one, other, mine, theirs, "127.0.0.1");
    one.say("early");
    one.say(std::string(50000, 'x'));
    CAF_CHECK(!one.talk.stands());
    settle(one, other, at_most);
    CAF_CHECK(one.talk.stands() && other.talk.stands());
    CAF_CHECK(other.heard == (std::vector<std::string>{"early", std::string(50000, 'x')}));
    CAF_CHECK(other.talk.may_be("sensor"));
    CAF_CHECK(!other.talk.may_be("senso"));
    CAF_CHECK(!other.talk.may_be(""));
    CAF_CHECK(!other.talk.may_be("analyzer"));
    CAF_CHECK(one.talk.may_be("analyzer"));
    other.say("late");
    settle(one, other, at_most);
    CAF_CHECK(one.heard == (std::vector<std::string>{"late"}));
  }
}

CAF_TEST(nothing that is said can be read on the wire) {
  call(sensor, analyzer, keys("sensor"), keys("analyzer=127.0.0.1"), "127.0.0.1");
  settle(sensor, analyzer);
  sensor.say("a word that is easy to find");
  const std::string sealed(sensor.wire.begin(), sensor.wire.end());
  CAF_CHECK_EQUAL(sealed.find("easy"), std::string::npos);
  CAF_CHECK_EQUAL(sealed.find("FLAW"), std::string::npos);
}

CAF_TEST(a changed bit ends the connection) {
  call(sensor, analyzer, keys("sensor"), keys("analyzer=127.0.0.1"), "127.0.0.1");
  settle(sensor, analyzer);
  sensor.say("something");
  sensor.wire[sensor.wire.size() / 2] ^= 1;
  settle(sensor, analyzer);
  CAF_REQUIRE(analyzer.wrong.has_value());
  CAF_CHECK(*analyzer.wrong == refusal::broken_tls);
  CAF_CHECK(analyzer.heard.empty());
}

CAF_TEST(whoever calls has to find the host in the certificate) {
  call(sensor, analyzer, keys("sensor"), keys("analyzer=127.0.0.1"), "192.0.2.1");
  settle(sensor, analyzer);
  CAF_REQUIRE(sensor.wrong && analyzer.wrong);
  CAF_CHECK(*sensor.wrong == refusal::other_certificate);
  CAF_CHECK(*analyzer.wrong == refusal::certificate_refused);
}

CAF_TEST(hosts by name are looked for as well) {
  call(sensor, analyzer, keys("sensor"), keys("analyzer=analyzer.example"), "analyzer.example");
  sensor.say("in");
  settle(sensor, analyzer);
  CAF_CHECK(analyzer.heard == (std::vector<std::string>{"in"}));
}

CAF_TEST(a certificate of another authority is refused on either side) {
  const auto mine = keys("sensor");
  const auto theirs = keys("analyzer=127.0.0.1", "other");
  call(sensor, analyzer, mine, theirs, "127.0.0.1");
  settle(sensor, analyzer);
  CAF_REQUIRE(sensor.wrong && analyzer.wrong);
  CAF_CHECK(*sensor.wrong == refusal::foreign_certificate);
  CAF_CHECK(*analyzer.wrong == refusal::certificate_refused);
}

CAF_TEST(plain frames are not TLS and TLS is no frame) {
  analyzer.talk = channel::accept(keys("analyzer=127.0.0.1"));
  sensor.say("in the open");
  analyzer.talk.put(sensor.wire);
  analyzer.hear();
  CAF_REQUIRE(analyzer.wrong.has_value());
  CAF_CHECK(*analyzer.wrong == refusal::not_tls);
  side sealed, open;
  sealed.talk = channel::call(keys("sensor"), "127.0.0.1", sealed.wire);
  open.talk.put(std::span(sealed.wire).first(open.talk.next_reading().bytes));
  open.hear();
  CAF_REQUIRE(open.wrong.has_value());
  CAF_CHECK(*open.wrong == refusal::not_flowactors);
}

CAF_TEST(no bytes of a stranger do more than end its connection) {
  const auto theirs = keys("analyzer=127.0.0.1");
  const auto mine = keys("sensor");
  std::minstd_rand random(11);
  for (int i = 0; i < 300; ++i) {
    side one, other;
    call(one, other, mine, theirs, "127.0.0.1");
    if (i % 2 == 0) // a true greeting, changed
      one.wire[random() % one.wire.size()] ^= static_cast<char>(1 << random() % 8);
    else
      for (auto& c : one.wire)
        c = &c == one.wire.data() ? 22 : static_cast<char>(random());
    one.say("never");
    settle(one, other);
    CAF_CHECK(other.heard.empty() || one.talk.stands());
  }
}

CAF_TEST(files that do not fit are named) {
  const auto good = folder.make("sensor");
  const auto other = folder.make("other");
  const auto foreign = folder.make("foreign", "elsewhere");
  const auto fault = [](const tls_files& files) {
    const auto read = tls_credentials::read(files);
    return read ? std::string() : read.failure().what;
  };
  const auto says = [&](const tls_files& files, const std::string& words) {
    const auto said = fault(files);
    CAF_MESSAGE(said);
    return said.find(words) != std::string::npos;
  };
  CAF_CHECK_EQUAL(fault(good), "");
  CAF_CHECK(says({"/none.pem", good.key, good.authority}, "can't read /none.pem"));
  CAF_CHECK(says({good.certificate, other.key, good.authority}, "not that of"));
  CAF_CHECK(says({good.certificate, good.certificate, good.authority}, "is no key in PEM"));
  CAF_CHECK(says({good.key, good.key, good.authority}, "is no certificate in PEM"));
  CAF_CHECK(says({good.certificate, good.key, good.key}, "is no certificate in PEM"));
  CAF_CHECK(says({good.certificate, good.key, foreign.authority}, "would be refused by"));
  CAF_CHECK(says(folder.make("over", "over", 0), "expired"));
  const auto cut = certificates::text_of(good.certificate);
  CAF_CHECK(says({folder.write("cut.pem", cut.substr(0, cut.size() / 2)), good.key, good.authority},
                 "is no certificate in PEM"));
}

CAF_TEST(credentials know their names and their end) {
  const auto own = keys("sensor=192.0.2.7,sensor.example");
  for (const auto* name : {"sensor", "192.0.2.7", "sensor.example", "SENSOR"})
    CAF_CHECK(own->is_for(name));
  for (const auto* name : {"", "sens", ".example", "*.example", "192.0.2.8", "other.example"})
    CAF_CHECK(!own->is_for(name));
  CAF_CHECK(own->left() > std::chrono::days(29));
  CAF_CHECK(own->left() <= std::chrono::days(30));
}

CAF_TEST_FIXTURE_SCOPE_END()
