#include "bench/link_ends.hpp"

#include "actors/context.hpp"
#include "actors/lane_writer.hpp"
#include "actors/link.hpp"
#include "actors/node.hpp"
#include "actors/system.hpp"
#include "bench/sample_flows.hpp"
#include "bench/script_tree.hpp"
#include "bench/thread_costs.hpp"
#include "nodes/batch_codec.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <limits>
#include <mutex>
#include <random>
#include <thread>

namespace flowactors::bench {

namespace {

using clock = std::chrono::steady_clock;
constexpr const char* context_name = "inline";
constexpr uint32_t batch_events = 256;

template <class T>
T take(result<T> from) {
  if (from)
    return std::move(from).value();
  std::fprintf(stderr, "bench-links: %s\n", from.failure().what.c_str());
  std::exit(2);
}

int64_t now_ns() {
  return clock::now().time_since_epoch().count();
}

double seconds_since(clock::time_point since) {
  return std::chrono::duration<double>(clock::now() - since).count();
}

node_identity identity_of(const link_end& own, const catalog& names) {
  node_identity out;
  std::random_device random;
  out.name = own.name;
  out.incarnation = (uint64_t{random()} << 32 | random()) | 1;
  out.names = names_hash(names);
  if (!own.files.certificate.empty())
    out.keys = std::make_shared<tls_keys>(take(tls_credentials::read(own.files)));
  return out;
}

/// The thread that CAF's middleman has for all connections.
int middleman_thread(caf::actor_system& system) {
  std::promise<int> out;
  system.middleman().spawn_broker([&](caf::io::broker*) { out.set_value(gettid()); });
  return out.get_future().get();
}

/// Costs from here on, of the process and of its thread for connections.
struct meter {
  explicit meter(caf::actor_system& system)
    : thread(middleman_thread(system)), process_s(process_cpu_s()), link_s(cpu_s_of(thread)) {}

  void print() const {
    std::printf("\"cpu_s\": %.6f, \"link_s\": %.6f, \"peak_bytes\": %" PRIu64,
                process_cpu_s() - process_s, cpu_s_of(thread) - link_s, peak_memory());
  }

  int thread;
  double process_s, link_s;
};

context_snapshot finish(caf::scoped_actor& self, const context_actor& of) {
  context_snapshot out;
  self->request(of, caf::infinite, finish_atom_v)
    .receive([&](context_snapshot& end) { out = std::move(end); }, [](const caf::error&) {});
  return out;
}

// -- the analyzer ---------------------------------------------------------------------------------

/// A shard of the context that all events come to.
struct shard {
  shard(caf::actor_system& system, const script_tree& tree, const catalog& names, uint64_t credit) {
    script_vm_options options;
    options.context = context_name;
    options.root = tree.root();
    options.names = &names;
    options.output = voice.get();
    auto parts = std::make_shared<context_parts>();
    parts->context = context_name;
    parts->voice = out;
    parts->records = ports;
    parts->words = voice;
    parts->scripts = take(script_vm::make(options));
    parts->lanes = {way};
    parts->last = std::make_shared<context_end>();
    way->open({credit, shed_policy::newest, true, false}); // the credit of links bounds it
    actor = system.spawn(context, std::move(parts));
    caf::anon_send(actor, run_atom_v);
  }

  std::shared_ptr<console> out =
    std::make_shared<console>(::open("/dev/null", O_WRONLY | O_CLOEXEC), true);
  std::shared_ptr<record_ports> ports =
    std::make_shared<record_ports>(std::vector<std::shared_ptr<record_queue>>{});
  std::shared_ptr<speaker> voice = std::make_shared<speaker>(context_name, out, ports);
  std::shared_ptr<lane> way = std::make_shared<lane>(lane_options{});
  context_actor actor;
};

/// A listener at a port that is free.
int listen_anywhere(uint16_t& port) {
  const int fd = take(listen_on({"127.0.0.1", 0}));
  sockaddr_in at{};
  socklen_t size = sizeof(at);
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  port = ntohs(at.sin_port);
  return fd;
}

// -- the sensor -----------------------------------------------------------------------------------

/// How long events took until their batch was let go, which is when the link learns that it is
/// done.
class arrivals {
public:
  void add(const flow_batch& batch) {
    const int64_t now = now_ns();
    const std::lock_guard lock(mutex_);
    for (const auto& each : batch.entries())
      took_.add(std::chrono::nanoseconds(now - each.now_ns));
  }

  uint64_t quantile(double share) const {
    const std::lock_guard lock(mutex_);
    return took_.quantile(share);
  }

private:
  mutable std::mutex mutex_;
  round_trips took_;
};

/// The links of a sensor, and the lanes to them, as a set of contexts makes them.
struct fan {
  fan(caf::actor_system& system, const link_end& own, const sensor_load& load,
      const catalog& names) {
    std::vector<std::string> places;
    for (const auto& each : load.to)
      places.push_back(to_string(each));
    nodes = std::make_shared<route>(places);
    const auto self = identity_of(own, names);
    for (uint32_t i = 0; i < load.to.size(); ++i) {
      lanes.push_back(std::make_shared<lane>(lane_options{own.credit}));
      auto parts = std::make_shared<link_parts>();
      parts->context = context_name;
      parts->to = load.to[i];
      parts->place = i;
      parts->nodes = nodes;
      parts->self = self;
      parts->lanes = {lanes.back()};
      parts->last = std::make_shared<context_end>();
      links.push_back(system.middleman().spawn_broker(link, std::move(parts)));
      caf::anon_send(links.back(), run_atom_v);
    }
  }

  bool runs(caf::scoped_actor& self) const {
    bool out = true;
    for (const auto& each : links)
      self->request(each, caf::infinite, snapshot_atom_v)
        .receive([&](const context_snapshot& x) { out = out && x.links[0].state == "running"; },
                 [&](const caf::error&) { out = false; });
    return out;
  }

  std::shared_ptr<route> nodes;
  std::vector<std::shared_ptr<lane>> lanes;
  std::vector<context_actor> links;
};

/// A capture worker that has nothing to do but to put events. Without a rate as fast as the lanes
/// take them; with one, what is due every 200 us, and each event remembers when it was put.
class generator {
public:
  generator(const fan& of, const sensor_load& load, sample_flows& from, arrivals& seen)
    : of_(of), load_(load), from_(from), seen_(seen) {}

  void run() {
    if (load_.rate == 0)
      flat_out();
    else
      in_time();
  }

private:
  flow_record& next() { return from_.flows[sent_++ % sample_flows::count]; }

  const flow_text& text_of(const flow_record& flow) const {
    return *reinterpret_cast<const flow_text*>(from_.arena() + size_t{flow.text} * 16);
  }

  void flat_out() {
    batch_options options;
    options.kinds = mask_of(event_kind::updated);
    options.shards = static_cast<uint32_t>(of_.lanes.size());
    options.events = batch_events;
    options.nodes = of_.nodes;
    std::vector<std::vector<named_lane>> lanes;
    for (const auto& each : of_.lanes)
      lanes.push_back({{context_name, each}});
    lane_writer writer(0, options, std::move(lanes));
    const auto since = clock::now();
    while (seconds_since(since) < load_.seconds)
      for (int i = 0; i < 1024; ++i) {
        auto& flow = next();
        writer.add(event_kind::updated, flow, text_of(flow), static_cast<int64_t>(sent_));
      }
    writer.flush(static_cast<int64_t>(sent_), true);
  }

  void in_time() {
    constexpr auto step = std::chrono::microseconds(200);
    std::vector<flow_batch_writer> writers;
    for (size_t i = 0; i < of_.lanes.size(); ++i)
      writers.emplace_back(0, batch_events);
    const auto since = clock::now();
    for (auto due = since; seconds_since(since) < load_.seconds; due += step) {
      std::this_thread::sleep_until(due);
      const double wanted = load_.rate * seconds_since(since);
      while (static_cast<double>(sent_) < wanted) {
        auto& flow = next();
        const uint32_t place = of_.nodes->pick(flow);
        writers[place].add(event_kind::updated, flow, text_of(flow), now_ns());
        if (writers[place].full())
          put(writers[place], place);
      }
    }
    for (uint32_t i = 0; i < writers.size(); ++i)
      put(writers[i], i);
  }

  void put(flow_batch_writer& from, uint32_t place) {
    auto batch = from.finish();
    if (batch == nullptr)
      return;
    const auto* const is = batch.get();
    of_.lanes[place]->put(
      {is, [batch = std::move(batch), seen = &seen_](const flow_batch*) { seen->add(*batch); }});
  }

  const fan& of_;
  const sensor_load& load_;
  sample_flows& from_;
  arrivals& seen_;
  uint64_t sent_ = 0;
};

} // namespace

void run_analyzer(const link_end& own, uint32_t shards) {
  sample_flows samples{flow_mix::mixed};
  script_tree tree;
  tree.add("empty.lua", "return {flowUpdate = function() end}\n");
  system_config config{true};
  caf::actor_system system{config};
  std::vector<std::unique_ptr<shard>> all;
  node_ports::port port{{}, own.credit};
  for (uint32_t i = 0; i < shards; ++i) {
    all.push_back(std::make_unique<shard>(system, tree, samples.names, own.credit));
    port.lanes.push_back(all.back()->way);
  }
  const auto ports = std::make_shared<node_ports>();
  ports->open({{context_name, port}});
  uint16_t at = 0;
  const int listener = listen_anywhere(at);
  auto listens = system.middleman().spawn_broker(
    node, std::make_shared<node_parts>(
            node_parts{listener, {}, identity_of(own, samples.names), ports, nullptr}));
  caf::anon_send(listens, run_atom_v);
  std::printf("{\"port\": %u}\n", at);
  std::fflush(stdout);
  const meter costs(system);
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  caf::scoped_actor self{system};
  std::printf("{");
  costs.print();
  self->request(listens, caf::infinite, finish_atom_v)
    .receive([](bool) {}, [](const caf::error&) {});
  uint64_t handled = 0;
  for (const auto& each : all)
    handled += sum(finish(self, each->actor).scripts.handled);
  std::printf(", \"events\": %" PRIu64 "}\n", handled);
}

void run_sensor(const link_end& own, const sensor_load& load) {
  sample_flows samples{flow_mix::mixed};
  arrivals seen;
  system_config config{true};
  caf::actor_system system{config};
  const fan out(system, own, load, samples.names);
  caf::scoped_actor self{system};
  const auto begin = clock::now();
  while (!out.runs(self)) {
    if (seconds_since(begin) > 30) {
      std::fprintf(stderr, "bench-links: the links don't run after 30 s\n");
      std::exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::printf("{\"ready\": true}\n");
  std::fflush(stdout);
  std::string go;
  std::getline(std::cin, go);
  const meter costs(system);
  const auto since = clock::now();
  double putting_s = 0;
  std::thread worker([&] {
    generator(out, load, samples, seen).run();
    putting_s = thread_cpu_s();
  });
  context_snapshot end;
  worker.join();
  for (const auto& each : out.links)
    merge(end, finish(self, each));
  const double took = seconds_since(since);
  uint64_t bytes = 0, batches = 0;
  for (const auto& each : end.links) {
    bytes += each.bytes;
    batches += each.batches;
  }
  std::printf("{");
  costs.print();
  std::printf(", \"putting_s\": %.6f, \"events\": %" PRIu64 ", \"batches\": %" PRIu64
              ", \"bytes\": %" PRIu64 ", \"took_s\": %.6f, \"p50_us\": %" PRIu64
              ", \"p99_us\": %" PRIu64 "}\n",
              putting_s, sum(end.scripts.handled), batches, bytes, took, seen.quantile(0.5),
              seen.quantile(0.99));
}

} // namespace flowactors::bench
