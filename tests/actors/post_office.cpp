#define CAF_SUITE actors_post_office
#include "actors/post_office.hpp"

#include "actors/post_line.hpp"
#include "tests/suite.hpp"

#include <map>
#include <set>

using namespace flowactors;

namespace {

/// A value as scripts pack it: a text.
std::string value(const std::string& text) {
  return static_cast<char>(32 + text.size()) + text;
}

/// A node: its office, and the letters that go out of it, which the test carries.
struct station {
  explicit station(std::string called, uint64_t incarnation,
                   post_office::clock::duration keep = std::chrono::hours(1))
    : name(std::move(called)), office(std::make_shared<post_office>(incarnation, keep)) {}

  std::string name;
  std::shared_ptr<post_office> office;
};

/// A connection between two stations.
struct wire {
  wire(station& from, station& to) : ends{&from, &to} {
    lines[0] = from.office->join(to.name, to.name + ":1",
                                 [this](shared_letter what) { out[0].push_back(std::move(what)); });
    lines[1] = to.office->join(from.name, {},
                               [this](shared_letter what) { out[1].push_back(std::move(what)); });
  }

  void cut() {
    ends[0]->office->leave(lines[0]);
    ends[1]->office->leave(lines[1]);
    out[0].clear();
    out[1].clear();
  }

  /// Carries what one end has said; with `receipts`, the other says that it came.
  bool carry(int from, bool receipts = true) {
    const auto letters = std::exchange(out[from], {});
    for (const auto& each : letters) {
      ++carried[from];
      ends[1 - from]->office->take(lines[1 - from], *each);
      if (receipts)
        ends[from]->office->receipt(lines[from], carried[from]);
    }
    return !letters.empty();
  }

  std::array<station*, 2> ends;
  std::array<post_office::peer_id, 2> lines{};
  std::array<std::vector<shared_letter>, 2> out;
  std::array<uint64_t, 2> carried{};
};

void settle(std::initializer_list<wire*> wires) {
  for (bool any = true; any;) {
    any = false;
    for (auto* each : wires)
      for (const int from : {0, 1})
        any = each->carry(from) || any;
  }
}

size_t count(post_box& of) {
  size_t out = 0;
  for (std::string text; of.take(text);)
    ++out;
  return out;
}

uint64_t sum(const post_account& of) {
  uint64_t out = of.taken + of.passed_on + of.waiting;
  for (const auto each : of.lost)
    out += each;
  return out;
}

void check_balance(const station& of) {
  const auto books = of.office->accounts();
  CAF_CHECK_EQUAL(books.messages.copies, sum(books.messages));
  CAF_CHECK_EQUAL(books.records.copies, sum(books.records));
}

uint64_t lost(const station& of, post_loss why) {
  return of.office->accounts().messages.lost[static_cast<size_t>(why)];
}

struct fixture {
  station one{"one", 1}, two{"two", 2}, three{"three", 3};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(post_office_tests, fixture)

CAF_TEST(each other VM of a context gets a copy) {
  const auto sender = one.office->open("own");
  const auto first = one.office->open("own"), second = one.office->open("own");
  const auto other = one.office->open("other");
  CAF_CHECK(sender->send("own", value("a")));
  CAF_CHECK(!sender->waits());
  CAF_CHECK(first->waits());
  CAF_CHECK_EQUAL(count(*first), 1u);
  CAF_CHECK_EQUAL(count(*second), 1u);
  CAF_CHECK_EQUAL(count(*other), 0u);
  CAF_CHECK_EQUAL(one.office->accounts().messages.taken, 2u);
  check_balance(one);
}

CAF_TEST(who waits is woken once for what waits) {
  const auto from = one.office->open("a"), to = one.office->open("b");
  int woken = 0;
  to->attach([&] { ++woken; });
  from->send("b", value("1"));
  from->send("b", value("2"));
  CAF_CHECK_EQUAL(woken, 1);
  count(*to);
  from->send("b", value("3"));
  CAF_CHECK_EQUAL(woken, 2);
  to->attach(nullptr);
  to->attach([&] { woken += 10; }); // a successor hears of what its predecessor left
  CAF_CHECK_EQUAL(woken, 12);
}

CAF_TEST(boxes are bounded by number and by bytes) {
  const auto from = one.office->open("a"), to = one.office->open("b");
  for (size_t i = 0; i < post_box::most_waiting + 5; ++i)
    from->send("b", value("x"));
  CAF_CHECK_EQUAL(lost(one, post_loss::queue_full), 5u);
  CAF_CHECK_EQUAL(count(*to), post_box::most_waiting);
  const std::string large(60'000, 'x');
  size_t sent = 0;
  while (from->send("b", large))
    ++sent;
  CAF_CHECK_LESS_OR_EQUAL(sent * large.size(), post_box::most_waiting_bytes + large.size());
  CAF_CHECK_GREATER(sent, 100u);
  check_balance(one);
}

CAF_TEST(what waits for a context that is removed is lost with it) {
  const auto from = one.office->open("a");
  auto to = one.office->open("b");
  from->send("b", value("x"));
  to = nullptr;
  CAF_CHECK_EQUAL(lost(one, post_loss::with_vm), 1u);
  CAF_CHECK(from->knows("b"));
  CAF_CHECK(!from->send("b", value("y")));
  CAF_CHECK_EQUAL(lost(one, post_loss::unreachable), 1u);
  CAF_CHECK(!from->knows("c"));
  check_balance(one);
}

CAF_TEST(a message goes to another node and through it) {
  wire left(one, two), right(two, three);
  const auto from = one.office->open("a");
  const auto to = three.office->open("b");
  settle({&left, &right});
  CAF_CHECK(from->knows("b"));
  CAF_CHECK(from->send("b", value("x")));
  CAF_CHECK_EQUAL(one.office->accounts().messages.waiting, 1u);
  settle({&left, &right});
  CAF_CHECK_EQUAL(count(*to), 1u);
  CAF_CHECK_EQUAL(one.office->accounts().messages.passed_on, 1u);
  CAF_CHECK_EQUAL(two.office->accounts().messages.passed_on, 1u);
  CAF_CHECK_EQUAL(three.office->accounts().messages.come, 1u);
  for (const auto* each : {&one, &two, &three})
    check_balance(*each);
}

CAF_TEST(contexts that come later are told too) {
  wire left(one, two), right(two, three);
  const auto from = one.office->open("a");
  settle({&left, &right});
  CAF_CHECK(!from->knows("late"));
  const auto to = three.office->open("late");
  settle({&left, &right});
  CAF_CHECK(from->knows("late"));
}

CAF_TEST(in a ring a message is taken once by each and ends) {
  wire a(one, two), b(two, three), c(three, one);
  const auto from = one.office->open("own");
  const auto second = two.office->open("own"), third = three.office->open("own");
  settle({&a, &b, &c});
  from->send("own", value("x"));
  settle({&a, &b, &c});
  CAF_CHECK_EQUAL(count(*from), 0u);
  CAF_CHECK_EQUAL(count(*second), 1u);
  CAF_CHECK_EQUAL(count(*third), 1u);
  uint64_t passed = 0, come = 0, again = 0;
  for (const auto* each : {&one, &two, &three}) {
    check_balance(*each);
    const auto books = each->office->accounts().messages;
    passed += books.passed_on;
    come += books.come;
    again += books.again;
  }
  CAF_CHECK_EQUAL(passed, come);
  CAF_CHECK_EQUAL(come - again, 2u);
}

CAF_TEST(what was under way when a connection broke comes over the next one once) {
  const auto from = one.office->open("a"), to = two.office->open("b");
  auto first = std::make_unique<wire>(one, two);
  settle({first.get()});
  from->send("b", value("1"));
  first->carry(0, false); // it came, and nobody said so
  from->send("b", value("2"));
  first->cut();
  from->send("b", value("3")); // the node is there again in a moment
  CAF_CHECK_EQUAL(one.office->accounts().messages.waiting, 3u);
  wire second(one, two);
  settle({&second});
  std::string text;
  for (const char* expected : {"1", "2", "3"}) {
    CAF_REQUIRE(to->take(text));
    CAF_CHECK_EQUAL(text, value(expected));
  }
  CAF_CHECK(!to->take(text));
  CAF_CHECK_EQUAL(two.office->accounts().messages.again, 1u);
  CAF_CHECK_EQUAL(one.office->accounts().messages.passed_on, 3u);
  check_balance(one);
  check_balance(two);
}

CAF_TEST(it goes over another connection to the same node at once) {
  const auto from = one.office->open("a"), to = two.office->open("b");
  wire first(one, two), second(one, two);
  settle({&first, &second});
  from->send("b", value("1"));
  second.cut(); // the newest is the one that is used
  settle({&first});
  CAF_CHECK_EQUAL(count(*to), 1u);
}

CAF_TEST(a node that is away for too long loses what was kept for it) {
  station hasty{"hasty", 4, std::chrono::nanoseconds(0)};
  const auto from = hasty.office->open("a"), to = two.office->open("b");
  wire way(hasty, two);
  settle({&way});
  from->send("b", value("1"));
  way.cut();
  CAF_CHECK_EQUAL(lost(hasty, post_loss::unreachable), 1u);
  CAF_CHECK_EQUAL(hasty.office->accounts().messages.waiting, 0u);
  CAF_CHECK(!from->knows("b"));
  check_balance(hasty);
}

CAF_TEST(what is under way at the end is lost by name) {
  const auto from = one.office->open("a"), to = two.office->open("b");
  wire way(one, two);
  settle({&way});
  from->send("b", value("1"));
  one.office->close();
  CAF_CHECK_EQUAL(lost(one, post_loss::unreachable), 1u);
  check_balance(one);
}

CAF_TEST(no more is under way to a node than may be) {
  const auto from = one.office->open("a"), to = two.office->open("b");
  wire way(one, two);
  settle({&way});
  for (size_t i = 0; i < post_office::most_under_way + 7; ++i)
    from->send("b", value("x"));
  CAF_CHECK_EQUAL(way.out[0].size(), post_office::most_under_way);
  CAF_CHECK_EQUAL(lost(one, post_loss::queue_full), 7u);
  const std::string large(60'000, 'x');
  settle({&way});
  count(*to);
  size_t sent = 0;
  while (from->send("b", large))
    ++sent;
  CAF_CHECK_LESS(sent, post_office::most_under_way);
  check_balance(one);
}

CAF_TEST(letters that lie do no harm) {
  const auto to = two.office->open("b");
  wire way(one, two);
  settle({&way});
  const auto say = [&](letter what) { two.office->take(way.lines[1], std::move(what)); };
  const auto message = [](uint64_t origin, uint64_t serial, std::string body) {
    return letter{letter_kind::message, 2, 0, origin, serial, "b", std::move(body)};
  };
  say(message(9, 0, "\x1f"));     // no value
  say(message(2, 0, value("x"))); // its own
  say(message(9, 1, value("x")));
  say(message(9, 1, value("x"))); // again
  auto far = message(9, 2, value("x"));
  far.name = "nowhere";
  say(far);
  CAF_CHECK_EQUAL(count(*to), 1u);
  CAF_CHECK_EQUAL(lost(two, post_loss::damaged), 1u);
  CAF_CHECK_EQUAL(lost(two, post_loss::unreachable), 1u);
  CAF_CHECK_EQUAL(two.office->accounts().messages.again, 2u);
  say({letter_kind::names,
       0,
       0,
       9,
       3,
       {},
       std::string(1'000'000, '\n') + std::string(300, 'x') + "\n"});
  std::string many;
  for (int i = 0; i < 5000; ++i)
    many += "context-" + std::to_string(i) + "\n";
  say({letter_kind::names, 0, 0, 9, 4, {}, many});
  CAF_CHECK(to->knows("context-100"));
  CAF_CHECK(!to->knows("context-4999"));
  for (uint64_t origin = 10; origin < 10'000;
       ++origin) // each takes a window, of which there are so many
    say(message(origin, 0, value("x")));
  two.office->receipt(way.lines[1], 1'000'000);
  two.office->receipt(77, 1);
  two.office->take(77, message(9, 5, value("x")));
  check_balance(two);
}

CAF_TEST(a message that was passed on too often ends there) {
  wire left(one, two), right(two, three);
  const auto to = three.office->open("b");
  settle({&left, &right});
  two.office->take(left.lines[1], {letter_kind::message, 0, 0, 9, 1, "b", value("x")});
  settle({&left, &right});
  CAF_CHECK_EQUAL(count(*to), 0u);
  CAF_CHECK_EQUAL(lost(two, post_loss::too_far), 1u);
  check_balance(two);
}

CAF_TEST(records go to the output of a node) {
  std::string came;
  wire way(one, two);
  settle({&way});
  CAF_CHECK(!one.office->reaches("two:1", "alerts"));
  CAF_CHECK(!one.office->reaches("three:1", "alerts"));
  two.office->set_outlets({{"alerts", [&](std::string_view lines) { came += lines; }}});
  settle({&way});
  CAF_CHECK(one.office->reaches("two:1", "alerts"));
  using handed = post_office::handed;
  CAF_CHECK(one.office->send_records("two:1", "alerts", "{\"a\":1}\n{}\n") == handed::took);
  CAF_CHECK(one.office->send_records("three:1", "alerts", "{}\n") == handed::away);
  settle({&way});
  CAF_CHECK_EQUAL(came, "{\"a\":1}\n{}\n");
  CAF_CHECK_EQUAL(one.office->accounts().records.passed_on, 2u);
  CAF_CHECK_EQUAL(two.office->accounts().records.taken, 2u);
  two.office->set_outlets({});
  one.office->send_records("two:1", "alerts", "{}\n");
  settle({&way});
  two.office->take(way.lines[1], {letter_kind::records, 0, 0, 9, 1, "alerts", "no JSON\n"});
  const auto& books = two.office->accounts().records.lost;
  CAF_CHECK_EQUAL(books[static_cast<size_t>(post_loss::unreachable)], 1u);
  CAF_CHECK_EQUAL(books[static_cast<size_t>(post_loss::damaged)], 1u);
  check_balance(one);
  check_balance(two);
}

CAF_TEST(records wait for room) {
  wire way(one, two);
  two.office->set_outlets({{"alerts", [](std::string_view) {}}});
  settle({&way});
  using handed = post_office::handed;
  size_t took = 0;
  while (one.office->send_records("two:1", "alerts", "{}\n") == handed::took)
    ++took;
  CAF_CHECK_EQUAL(took, post_office::most_under_way);
  CAF_CHECK(one.office->send_records("two:1", "alerts", "{}\n") == handed::busy);
  settle({&way});
  CAF_CHECK(one.office->send_records("two:1", "alerts", "{}\n") == handed::took);
  CAF_CHECK_EQUAL(one.office->accounts().records.copies, took + 1);
  check_balance(one);
}

CAF_TEST(the clerk is given no more than it reads) {
  wire way(one, two);
  settle({&way});
  std::vector<shared_letter> desk;
  two.office->appoint(
    [&](const post_office::neighbour&, shared_letter what) { desk.push_back(std::move(what)); });
  for (uint64_t i = 0; i < 300; ++i)
    two.office->take(way.lines[1], {letter_kind::request, 0, 0, 9, i, "status", {}});
  CAF_CHECK_EQUAL(desk.size(), 256u);
  CAF_CHECK_EQUAL(two.office->accounts().unheard, 44u);
  desk.clear();
  two.office->take(way.lines[1], {letter_kind::request, 0, 0, 9, 300, "status", {}});
  CAF_CHECK_EQUAL(desk.size(), 1u);
  two.office->appoint(nullptr);
}

CAF_TEST(a line takes what comes in its turn and nothing else) {
  const auto to = one.office->open("b");
  post_line line;
  std::vector<shared_letter> out;
  line.join(one.office, "two", {}, [&](uint64_t, shared_letter what) { out.push_back(what); });
  const auto take = [&](frame_kind kind, uint64_t serial, const letter& what) {
    std::vector<char> bytes;
    append_letter(bytes, what, serial);
    frame_header header;
    header.kind = kind;
    header.serial = serial;
    const auto body = std::span<const char>(bytes).subspan(sizeof(header));
    header.length = kind == frame_kind::letter ? static_cast<uint32_t>(body.size()) : 0;
    return line.take(header, body);
  };
  const letter good{letter_kind::message, 0, 0, 9, 0, "b", value("x")};
  auto bad = good;
  bad.name.clear();
  CAF_CHECK(std::get<refusal>(take(frame_kind::letter, 1, good)) == refusal::out_of_turn);
  const auto first = take(frame_kind::letter, 0, good);
  CAF_CHECK_EQUAL(std::get<uint64_t>(first), 1u);
  CAF_CHECK(std::get<refusal>(take(frame_kind::letter, 0, good)) == refusal::out_of_turn);
  CAF_CHECK(std::get<refusal>(take(frame_kind::letter, 1, bad)) == refusal::bad_letter);
  CAF_CHECK(std::get<refusal>(take(frame_kind::receipt, 1, good)) == refusal::out_of_turn);
  CAF_REQUIRE_EQUAL(out.size(), 1u); // the names
  std::vector<char> wire;
  line.append(wire, *out.front());
  CAF_CHECK(!line.rests());
  CAF_CHECK(std::holds_alternative<std::monostate>(take(frame_kind::receipt, 1, good)));
  CAF_CHECK(line.rests());
  line.leave();
  CAF_CHECK(std::get<refusal>(take(frame_kind::letter, 1, good)) == refusal::out_of_turn);
}

CAF_TEST_FIXTURE_SCOPE_END()
