// Events from a worker to a context over a lane in batches, against one actor message for each
// event.
//
// Both ways are bounded by the same credit, which comes back with each batch or with each message,
// as another message: an actor's mailbox has no bound of its own. Both copy the record and its
// text, and call an empty flowUpdate.
//
// lanes [EVENTS]: prints events/s of both and their ratio; exit code 1 = a target was missed.

#include "actors/context.hpp"
#include "actors/lane_writer.hpp"
#include "actors/output_set.hpp"
#include "actors/system.hpp"
#include "bench/sample_flows.hpp"
#include "bench/script_tree.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <thread>

namespace {

/// An event on its way alone, in one piece: the record, and its text block with room for as much as
/// a batch has for an event.
struct lone_event {
  lone_event(const flow_record& of, const flow_text& block, int64_t at_ns) noexcept
    : flow(of), now_ns(at_ns) {
    std::memcpy(text, &block, std::min<size_t>(block.size, sizeof(text)));
  }
  lone_event(const lone_event& other) noexcept
    : lone_event(other.flow, *reinterpret_cast<const flow_text*>(other.text), other.now_ns) {}

  flow_record flow;
  int64_t now_ns;
  alignas(16) char text[flowactors::flow_batch::text_of_event];
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lone_event)

namespace {

using namespace flowactors;
using namespace flowactors::bench;

constexpr double least_rate = 5e6;
constexpr double least_ratio = 10;
constexpr uint64_t credit = 16384;
constexpr int rounds = 3;

double seconds_since(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

/// What both ways have in common: events, and a VM with an empty flowUpdate.
struct stage {
  stage() { tree.add("empty.lua", "return {flowUpdate = function() end}\n"); }

  std::shared_ptr<script_vm> make_vm() {
    script_vm_options options;
    options.context = "inline";
    options.root = tree.root();
    options.names = &from.names;
    options.output = voice.get();
    options.text_arena = from.arena();
    auto made = script_vm::make(options);
    if (!made || !(*made)->load_faults().empty()) {
      std::fprintf(stderr, "the script does not load\n");
      std::exit(2);
    }
    return std::move(made).value();
  }

  const flow_text& text_of(const flow_record& flow) const {
    return *reinterpret_cast<const flow_text*>(from.arena() + size_t{flow.text} * 16);
  }

  script_tree tree;
  sample_flows from{flow_mix::mixed};
  std::shared_ptr<console> out =
    std::make_shared<console>(::open("/dev/null", O_WRONLY | O_CLOEXEC), true);
  std::shared_ptr<record_ports> ports =
    std::make_shared<record_ports>(std::vector<std::shared_ptr<record_queue>>{});
  std::shared_ptr<speaker> voice = std::make_shared<speaker>("inline", out, ports);
};

double in_batches(caf::actor_system& system, stage& on, uint64_t events) {
  lane_options options;
  options.most = credit;
  auto way = std::make_shared<lane>(options);
  auto parts = std::make_shared<context_parts>();
  parts->context = "inline";
  parts->voice = on.out;
  parts->records = on.ports;
  parts->words = on.voice;
  parts->scripts = on.make_vm();
  parts->lanes = {way};
  parts->last = std::make_shared<context_end>();
  auto aut = system.spawn(context, std::move(parts));
  caf::anon_send(aut, run_atom_v);
  batch_options batches;
  batches.kinds = mask_of(event_kind::updated);
  const auto since = std::chrono::steady_clock::now();
  std::thread worker([&] {
    lane_writer writer(0, batches, {{{"inline", way}}});
    for (uint64_t i = 0; i < events; ++i) {
      auto& flow = on.from.flows[i % sample_flows::count];
      writer.add(event_kind::updated, flow, on.text_of(flow), static_cast<int64_t>(i));
    }
    writer.flush(static_cast<int64_t>(events), true);
  });
  worker.join();
  uint64_t handled = 0;
  caf::scoped_actor self{system};
  self->request(aut, caf::infinite, finish_atom_v)
    .receive([&](const context_snapshot& end) { handled = sum(end.taken); },
             [](const caf::error&) {});
  const double took = seconds_since(since);
  if (handled != events) {
    std::fprintf(stderr, "%llu of %llu events arrived\n", static_cast<unsigned long long>(handled),
                 static_cast<unsigned long long>(events));
    std::exit(1);
  }
  return static_cast<double>(events) / took;
}

/// Gives credit for one event more.
using credit_atom = caf::atom_constant<caf::atom("credit")>;

caf::behavior receiver(caf::event_based_actor* self, std::shared_ptr<script_vm> vm) {
  return {[self, vm](lone_event& event) {
    event.flow.text = 0;
    vm->attach(event.text);
    vm->handle(event_kind::updated, event.flow, event.now_ns);
    self->send(caf::actor_cast<caf::actor>(self->current_sender()), credit_atom::value);
  }};
}

/// The worker, in a thread of its own as a capture is. Sends as long as it has credit, and signals
/// once it has all of it back.
struct sender_state {
  uint64_t sent = 0, handled = 0;
};

caf::behavior sender(caf::stateful_actor<sender_state>* self, caf::actor to, stage* on,
                     uint64_t events, std::promise<void>* done) {
  const auto send_one = [=] {
    const auto i = self->state.sent++;
    const auto& flow = on->from.flows[i % sample_flows::count];
    self->send(to, lone_event{flow, on->text_of(flow), static_cast<int64_t>(i)});
  };
  while (self->state.sent < std::min(credit, events))
    send_one();
  return {[=](credit_atom) {
    if (self->state.sent < events)
      send_one();
    if (++self->state.handled != events)
      return;
    done->set_value();
    self->quit();
  }};
}

double one_by_one(caf::actor_system& system, stage& on, uint64_t events) {
  auto to = system.spawn(receiver, on.make_vm());
  std::promise<void> done;
  const auto since = std::chrono::steady_clock::now();
  system.spawn<caf::detached>(sender, to, &on, events, &done);
  done.get_future().wait();
  const double took = seconds_since(since);
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  return static_cast<double>(events) / took;
}

} // namespace

int main(int argc, char** argv) {
  const uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 8'000'000;
  system_config config;
  caf::actor_system system{config};
  stage on;
  std::vector<double> many, single, ratios;
  for (int i = 0; i < rounds; ++i) {
    many.push_back(in_batches(system, on, events));
    single.push_back(one_by_one(system, on, events / 20));
    ratios.push_back(many.back() / single.back());
  }
  for (auto* each : {&many, &single, &ratios})
    std::ranges::sort(*each);
  const double rate = many[rounds / 2], ratio = ratios[rounds / 2];
  std::printf("batches of 256    %6.2f M events/s (%.2f to %.2f)  target %.0f: %s\n", rate / 1e6,
              many.front() / 1e6, many.back() / 1e6, least_rate / 1e6,
              rate >= least_rate ? "held" : "missed");
  std::printf("one message each  %6.2f M events/s (%.2f to %.2f)\n", single[rounds / 2] / 1e6,
              single.front() / 1e6, single.back() / 1e6);
  std::printf("ratio             %6.1f (%.1f to %.1f)  target %.0f: %s\n", ratio, ratios.front(),
              ratios.back(), least_ratio, ratio >= least_ratio ? "held" : "missed");
  return rate >= least_rate && ratio >= least_ratio ? 0 : 1;
}
