#define CAF_SUITE actors_output
#include "actors/output.hpp"

#include "tests/actors.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/outputs/records.hpp"

using namespace flowactors;

namespace {

/// A sink whose every outcome the test decides.
class told_sink final : public record_sink {
public:
  struct orders {
    bool opens = true;
    bool busy = false;
    std::string taken;
  };

  explicit told_sink(std::shared_ptr<orders> by) : by_(std::move(by)) {}

  result<void> open() override {
    if (!by_->opens)
      return error{ec::io_failed, "closed"};
    return {};
  }
  sink_outcome write(std::string_view lines) override {
    if (!by_->opens)
      return {sink_outcome::kind::away, 0, "closed"};
    if (by_->busy)
      return {sink_outcome::kind::busy, 0, {}};
    by_->taken += lines;
    return {sink_outcome::kind::took, lines.size(), {}};
  }
  result<void> reopen() override { return error{ec::io_failed, "no"}; }
  record_loss loss() const noexcept override { return record_loss::write_error; }
  const std::string& name() const noexcept override { return name_; }

private:
  const std::shared_ptr<orders> by_;
  const std::string name_ = "told";
};

struct fixture : test_coordinator_fixture<message_types> {
  ~fixture() {
    anon_send_exit(aut, caf::exit_reason::kill);
    aut = nullptr;
    run();
  }

  void start(bool patient = false) {
    record_queue_options options;
    options.patient = patient;
    options.patience = std::chrono::milliseconds(1);
    auto handle = std::make_shared<output_actor>();
    queue =
      std::make_shared<record_queue>(options, [handle] { caf::anon_send(*handle, write_atom_v); });
    auto made = std::make_unique<record_output>(queue, std::make_unique<told_sink>(orders), nullptr,
                                                uint16_t{0});
    static_cast<void>(made->open(sys.clock().now()));
    made->take_news();
    *handle = aut = sys.spawn(output, std::make_shared<output_parts>(
                                        output_parts{"told", std::move(made), queue, nullptr}));
    run();
  }

  void put(size_t first, size_t last) {
    auto batch = numbered(first, last);
    queue->put(batch);
  }

  std::shared_ptr<told_sink::orders> orders = std::make_shared<told_sink::orders>();
  std::shared_ptr<record_queue> queue;
  output_actor aut;
  record_counters last;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(output_tests, fixture)

CAF_TEST(an output is woken once and writes until nothing waits) {
  start();
  put(0, 3);
  put(3, 5);
  expect((write_atom), to(aut));
  put(5, 6); // found by who works already
  run();
  CAF_CHECK_EQUAL(numbers_in(orders->taken), (std::vector<size_t>{0, 1, 2, 3, 4, 5}));
  put(6, 7);
  expect((write_atom), to(aut));
  run();
  CAF_CHECK_EQUAL(queue->counters().written, 7u);
}

CAF_TEST(an output that is away is tried again in time) {
  start();
  orders->opens = false;
  put(0, 3);
  consume_messages();
  CAF_CHECK_EQUAL(queue->counters().waiting, 3u);
  put(3, 5); // no reason to hurry
  expect((write_atom), to(aut));
  disallow((poll_atom), to(aut));
  orders->opens = true;
  advance_time(std::chrono::milliseconds(199));
  consume_messages();
  CAF_CHECK_EQUAL(orders->taken, "");
  advance_time(std::chrono::milliseconds(1));
  consume_messages();
  CAF_CHECK_EQUAL(numbers_in(orders->taken).size(), 5u);
  CAF_CHECK_EQUAL(queue->counters().retries, 1u);
}

CAF_TEST(the end waits for what is there) {
  start();
  put(0, 3);
  auto request = self->request(aut, caf::infinite, finish_atom_v);
  run();
  request.receive([this](const record_counters& books) { last = books; },
                  [](const caf::error& e) { CAF_FAIL(e); });
  CAF_CHECK_EQUAL(last.written, 3u);
  CAF_CHECK_EQUAL(last.waiting, 0u);
  CAF_CHECK_EQUAL(numbers_in(orders->taken).size(), 3u);
}

CAF_TEST(the end does not wait for ever) {
  start(true); // patience: 1 ms by the clock
  orders->busy = true;
  put(0, 3);
  auto request = self->request(aut, caf::infinite, finish_atom_v);
  for (int i = 0; i < 10; ++i)
    consume_message();
  CAF_CHECK_EQUAL(queue->counters().waiting, 3u);
  advance_time(std::chrono::milliseconds(2));
  run();
  request.receive([this](const record_counters& books) { last = books; },
                  [](const caf::error& e) { CAF_FAIL(e); });
  CAF_CHECK_EQUAL(last.written, 0u);
  CAF_CHECK_EQUAL(last.lost_by(record_loss::unfinished), 3u);
}

CAF_TEST(a file that can not be opened anew is told) {
  start();
  auto request = self->request(aut, caf::infinite, reopen_atom_v);
  run();
  std::string fault;
  request.receive([&fault](const std::string& told) { fault = told; },
                  [](const caf::error& e) { CAF_FAIL(e); });
  CAF_CHECK_EQUAL(fault, "no");
}

CAF_TEST_FIXTURE_SCOPE_END()

namespace {

/// A run with outputs into a folder.
struct run_fixture : supervised {
  void start_with(settings::output_section output, std::vector<std::string> files) {
    adjust = [output](settings& values) { values.outputs["o"] = output; };
    start(std::move(files));
  }

  std::string written(const std::string& name) const {
    return scratch_folder::text((root / name).string());
  }

  settings::output_section file(const std::string& what) const {
    settings::output_section out;
    out.path = (root / "out.json").string();
    out.what = what;
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(output_run_tests, run_fixture)

CAF_TEST(a run writes a record for each flow and each emit and balances) {
  write("a.lua", "return {flowCreate = function(f) emit {port = f.srv_port} end}");
  start_with(file("both"), {capture_file("dns.pcap"), capture_file("http.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->failures.empty());
  const auto& account = result->account;
  CAF_CHECK(account.balanced());
  CAF_REQUIRE_EQUAL(account.outputs.size(), 1u);
  CAF_CHECK_EQUAL(account.outputs[0].written, 2 * account.flows.created);
  CAF_CHECK_EQUAL(account.outputs[0].waiting, 0u);
  size_t flows = 0, emits = 0;
  std::istringstream in(written("out.json"));
  for (std::string line; std::getline(in, line);) {
    const auto record = nlohmann::json::parse(line);
    flows += record["event_type"] == "flow" ? 1 : 0;
    emits += record["event_type"] == "script" && record.contains("port") ? 1 : 0;
  }
  CAF_CHECK_EQUAL(flows, account.flows.created);
  CAF_CHECK_EQUAL(emits, account.flows.created);
  CAF_CHECK_EQUAL(lines(""), 0u);
}

CAF_TEST(flows are written without scripts) {
  start_with(file("flows"), {capture_file("dns.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK_EQUAL(result->account.outputs[0].written, result->account.flows.created);
}

CAF_TEST(what scripts emit stays on standard output if no output takes it) {
  write("a.lua", "return {flowCreate = function(f) emit {1} end}");
  start_with(file("flows"), {capture_file("dns.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK_EQUAL(lines("[1]"), result->account.flows.created);
}

CAF_TEST(an output that can not be opened stops the start) {
  auto output = file("both");
  output.path = (root / "none" / "out").string();
  start_with(output, {capture_file("dns.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_REQUIRE_EQUAL(result->failures.size(), 1u);
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("[output.o] " + output.path), std::string::npos);
  CAF_CHECK_EQUAL(result->account.packets.seen, 0u);
}

CAF_TEST(an output that is full loses and fails but the run goes on) {
  auto output = file("flows");
  output.path = "/dev/full";
  output.wait = std::chrono::milliseconds(1);
  start_with(output, {capture_file("dns.pcap"), capture_file("http.pcap")});
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_REQUIRE_EQUAL(result->failures.size(), 1u);
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("write_error"), std::string::npos);
  CAF_CHECK_EQUAL(count(result->account.outputs[0].lost, "write_error"),
                  result->account.flows.created);
}

CAF_TEST(a reload opens the files of outputs anew) {
  start_with(file("flows"), std::vector<std::string>(20, capture_file("http.pcap")));
  steps(5);
  std::filesystem::rename(root / "out.json", root / "moved");
  self->send(boss, reload_atom_v);
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_CHECK(std::filesystem::exists(root / "out.json"));
  CAF_CHECK_GREATER(written("out.json").size(), 0u);
}

CAF_TEST(an output that breaks down is named and the run goes on) {
  start_with(file("flows"), {capture_file("ssh.pcap"), capture_file("http.pcap")});
  auto& state = deref<supervisor_actor::stateful_base<supervisor_state>>(boss).state;
  anon_send_exit(state.outputs().handles().front(), caf::exit_reason::kill);
  run();
  CAF_REQUIRE(result);
  CAF_CHECK(result->account.balanced());
  CAF_REQUIRE(!result->failures.empty());
  CAF_CHECK_NOT_EQUAL(result->failures[0].find("output o broke down"), std::string::npos);
  CAF_CHECK_EQUAL(result->account.flows.live, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
