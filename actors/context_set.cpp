#include "actors/context_set.hpp"

#include "actors/link.hpp"
#include "actors/log.hpp"
#include "actors/options.hpp"

#include <algorithm>
#include <utility>

namespace flowactors {

namespace {

constexpr const char* component = "context";

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& each : names)
    out += (out.empty() ? "" : ", ") + each;
  return out.empty() ? "no scripts" : out;
}

/// That of this name; they are in order.
context_account& account_in(std::vector<context_account>& list, const std::string& name) {
  auto at = std::ranges::lower_bound(list, name, {}, &context_account::name);
  if (at == list.end() || at->name != name) {
    at = list.emplace(at);
    at->name = name;
  }
  return *at;
}

} // namespace

// -- start ----------------------------------------------------------------------------------------

void context_set::load(const settings& values, std::shared_ptr<console> voice,
                       std::shared_ptr<const catalog> names, output_set& outputs, bool detached) {
  values_ = &values;
  voice_ = std::move(voice);
  names_ = std::move(names);
  outputs_ = &outputs;
  detached_ = detached;
  for (const auto& [name, section] : values.contexts) {
    auto made = make_entry(name, section);
    if (auto loaded = load(*made, section, true); loaded)
      take_fresh(*made);
    else
      park(nullptr, *made, loaded.failure().what);
    insert(std::move(made));
  }
}

std::unique_ptr<context_set::entry> context_set::make_entry(
  const std::string& name, const settings::context_section& values) const {
  auto made = std::make_unique<entry>();
  made->name = name;
  made->values = values;
  if (!values.at.empty()) {
    made->nodes = std::make_shared<route>(values.at);
    post_->introduce(name);
  }
  const size_t shards = values.at.empty() ? values.shards : values.at.size();
  for (size_t i = 0; i < shards; ++i) {
    shard one;
    one.records = outputs_->make_ports();
    one.words = std::make_shared<speaker>(name, voice_, one.records);
    one.store = std::make_shared<value_store>(store_limits_of(*values_));
    if (values.at.empty())
      one.box = post_->open(name);
    made->shards.push_back(std::move(one));
  }
  return made;
}

/// By name; of one name, those that go stand before the one that stays.
void context_set::insert(std::unique_ptr<entry> made) {
  const auto at =
    std::ranges::upper_bound(entries_, made->name, {}, [](const auto& each) { return each->name; });
  entries_.insert(at, std::move(made));
}

std::filesystem::path context_set::folder_of(const std::string& context) const {
  return std::filesystem::path(values_->scripts.root) / "callbacks" / "user_scripts" / context;
}

/// Fresh scripts for all shards, or for none.
result<void> context_set::load(entry& of, const settings::context_section& values, bool first) {
  if (of.nodes != nullptr) // its scripts are there
    return {};
  of.coming = std::make_shared<script_texts>();
  for (auto& one : of.shards) {
    auto vm = load_scripts(of, values, one, of.coming);
    if (!vm) {
      for (auto& each : of.shards)
        each.fresh = nullptr;
      return vm.failure();
    }
    one.fresh = std::move(vm).value();
  }
  const script_vm& any = *of.shards.front().fresh;
  for (const auto& fault : any.load_faults())
    log::error(component, "leaves out a script", fault.what);
  for (const auto& unknown : any.unknown_callbacks())
    log::warning(component, "finds no callback", of.name + "/" + unknown);
  if (first && any.scripts().empty())
    log::warning(component, "finds no scripts for", of.name, folder_of(of.name).string());
  else if (first)
    log::info(component, "loads", of.name + ": " + joined(any.scripts()),
              any.jit() ? "compiled" : "interpreted");
  return {};
}

void context_set::take_fresh(entry& of) {
  if (of.nodes != nullptr) {
    of.kinds = (1u << event_kind_count) - 1; // nobody here knows what they want
    return;
  }
  const script_vm& any = *of.shards.front().fresh;
  of.texts = of.coming;
  of.kinds = any.interest();
  of.files = any.scripts();
  of.compiled = any.jit();
}

result<std::shared_ptr<script_vm>> context_set::load_scripts(
  const entry& of, const settings::context_section& values, const shard& in,
  std::shared_ptr<script_texts> texts) const {
  auto options = script_options_of(*values_, of.name, values);
  options.texts = std::move(texts);
  options.names = names_.get();
  options.output = in.words.get();
  options.store = in.store;
  options.post = in.box;
  auto vm = script_vm::make(options);
  if (!vm)
    return vm.failure();
  return std::shared_ptr<script_vm>(std::move(vm).value());
}

std::vector<std::unique_ptr<lane_writer>> context_set::make_writers(uint32_t worker) {
  const size_t place = place_of(worker);
  struct group {
    batch_options options;
    std::vector<std::vector<named_lane>> lanes;
  };
  std::vector<group> groups; // contexts that want the same share batches
  for (auto& each : entries_) {
    if (each->parked || each->going)
      continue;
    auto options = batch_options_of(each->values, each->kinds);
    options.shards = static_cast<uint32_t>(each->shards.size());
    options.nodes = each->nodes;
    auto at = std::ranges::find(groups, options, &group::options);
    if (at == groups.end())
      at = groups.insert(at, {options, std::vector<std::vector<named_lane>>(options.shards)});
    for (size_t i = 0; i < each->shards.size(); ++i) {
      add_lane(*each, each->shards[i], place);
      at->lanes[i].push_back({each->name, each->shards[i].lanes[place]});
    }
  }
  std::vector<std::unique_ptr<lane_writer>> out;
  for (auto& each : groups)
    out.push_back(std::make_unique<lane_writer>(worker, each.options, std::move(each.lanes)));
  return out;
}

size_t context_set::place_of(uint32_t worker) {
  const auto known = std::ranges::find(workers_, worker);
  const auto out = static_cast<size_t>(known - workers_.begin());
  if (known == workers_.end())
    workers_.push_back(worker);
  return out;
}

void context_set::add_lane(entry& of, shard& one, size_t place) {
  auto options = lane_options_of(*values_, of.values, detached_);
  if (workers_[place] == other_nodes) { // the credit of links bounds it
    options.patient = true;
    options.blocks = false;
  }
  while (one.lanes.size() <= place)
    one.lanes.push_back(std::make_shared<lane>(options));
  if (one.lanes[place]->closed() != lane_loss::unreachable) // a link opens it again
    one.lanes[place]->open(options);
}

void context_set::open(node_ports& ports) {
  const size_t place = place_of(other_nodes);
  std::map<std::string, node_ports::port> out;
  for (auto& each : entries_) {
    if (each->parked || each->going || each->nodes != nullptr)
      continue;
    auto& port = out[each->name];
    port.credit = each->values.lane;
    for (auto& one : each->shards) {
      add_lane(*each, one, place);
      port.lanes.push_back(one.lanes[place]);
    }
  }
  ports.open(std::move(out));
}

context_actor context_set::spawn_link(pointer self, entry& of, shard& one) const {
  const auto place = static_cast<uint32_t>(&one - of.shards.data());
  auto parts = std::make_shared<link_parts>();
  parts->context = of.name;
  parts->to = parse_endpoint(of.values.at[place]).value();
  parts->place = place;
  parts->nodes = of.nodes;
  parts->self = identity_;
  parts->lanes = one.lanes;
  parts->last = one.last;
  return self->system().middleman().spawn_broker(link, std::move(parts));
}

void context_set::start(pointer self) {
  for (auto& each : entries_)
    for (auto& one : each->shards)
      if (!each->parked)
        spawn(self, *each, one);
}

void context_set::spawn(pointer self, entry& of, shard& one, std::vector<saved_state> saved) {
  one.last = std::make_shared<context_end>();
  one.latest = {};
  if (of.nodes != nullptr) {
    one.handle = spawn_link(self, of, one);
  } else {
    auto parts = std::make_shared<context_parts>(context_parts{
      of.name, voice_, one.records, one.words, names_, std::exchange(one.fresh, nullptr), one.lanes,
      std::move(saved), one.last, on_batch_, one.box});
    one.handle = self->spawn(context, std::move(parts));
  }
  self->monitor(one.handle);
  self->send(one.handle, run_atom_v);
  ++running_;
  if (done_ || of.going || of.parked)
    end(self, of, one);
}

// -- breakdowns -----------------------------------------------------------------------------------

bool context_set::take_down(pointer self, const caf::down_msg& down) {
  for (auto& each : entries_)
    for (auto& one : each->shards)
      if (one.handle && one.handle->address() == down.source) {
        break_down(self, *each, one, self->system().render(down.reason));
        return true;
      }
  return false;
}

/// The shard that this actor runs, or null: it has ended.
context_set::shard* context_set::shard_with(const caf::actor_addr& who) {
  for (auto& each : entries_)
    for (auto& one : each->shards)
      if (one.handle && one.handle->address() == who)
        return &one;
  return nullptr;
}

void context_set::break_down(pointer self, entry& of, shard& one, const std::string& why) {
  one.handle = nullptr;
  for (const auto& each : one.lanes)
    each->break_off();
  auto last = std::exchange(*one.last, {});
  merge(of.books, last.books);
  one.latest = {};
  of.reason = why;
  const auto now = self->clock().now();
  one.breakdowns.push_back(now);
  while (now - one.breakdowns.front() > of.values.restarts_within)
    one.breakdowns.pop_front();
  log::error(component, "breaks down", of.name, why);
  if (of.parked)
    return one_ended();
  if (one.breakdowns.size() > of.values.restarts) {
    park(self, of, "broke down " + std::to_string(one.breakdowns.size()) + " times: " + why);
    return one_ended();
  }
  if (one.fresh == nullptr && of.nodes == nullptr) { // a reload may have brought it just now
    auto vm = load_scripts(of, of.values, one, of.texts);
    if (!vm) {
      park(self, of, vm.failure().what);
      return one_ended();
    }
    for (const auto& fault : (*vm)->load_faults())
      log::error(component, "leaves out a script", fault.what);
    one.fresh = std::move(vm).value();
  }
  ++of.restarts;
  --running_;
  log::info(component, "starts anew", of.name);
  spawn(self, of, one, std::move(last.saved));
}

/// The other shards handle what they have in hand.
void context_set::park(pointer self, entry& of, const std::string& why) {
  of.parked = true;
  of.reason = why;
  of.failure = "context " + of.name + " is parked: " + why;
  log::error(component, "parks", of.name, why);
  for (auto& one : of.shards) {
    for (const auto& each : one.lanes)
      each->close(lane_loss::parked);
    if (one.handle)
      end(self, of, one);
  }
}

// -- the end --------------------------------------------------------------------------------------

void context_set::finish(pointer self, std::function<void()> done) {
  over_ = true;
  done_ = std::move(done);
  if (running_ == 0)
    return std::exchange(done_, nullptr)();
  for (auto& each : entries_)
    for (auto& one : each->shards)
      if (one.handle && !each->parked && !each->going)
        end(self, *each, one);
}

void context_set::end(pointer self, entry& of, shard& one) {
  self->request(one.handle, caf::infinite, finish_atom_v)
    .then(
      [this, &of, &one](const context_snapshot& last) {
        merge(of.books, last);
        one.latest = {};
        one.handle = nullptr;
        if (of.going)
          one.box = nullptr; // what waits in it is lost by name
        one_ended();
      },
      [](const caf::error&) {}); // the monitor tells why
}

void context_set::one_ended() {
  if (--running_ == 0 && done_)
    std::exchange(done_, nullptr)();
}

uint64_t context_set::give_up() {
  uint64_t waiting = 0;
  for (auto& each : entries_)
    for (auto& one : each->shards)
      for (const auto& l : one.lanes) {
        waiting += sum(l->counters().waiting);
        if (!each->parked)
          l->close(lane_loss::unfinished);
      }
  return waiting;
}

std::vector<std::string> context_set::failures() const {
  std::vector<std::string> out;
  for (const auto& each : accounts()) {
    uint64_t lost = 0;
    if (!each.failure.empty())
      out.push_back(each.failure);
    for (const auto& l : each.lanes)
      lost += sum(l.counters.lost_by(lane_loss::unfinished));
    if (lost != 0)
      out.push_back("context " + each.name + " lost " + std::to_string(lost)
                    + " events: the time to end was over");
  }
  return out;
}

// -- looking on -----------------------------------------------------------------------------------

void context_set::ask(pointer self, caf::duration at_most, const std::function<void()>& asked,
                      std::function<void()> answered) {
  for (const auto& each : handles()) {
    asked();
    self->request(each, at_most, snapshot_atom_v)
      .then(
        [this, who = each->address(), answered](const context_snapshot& now) {
          if (shard* one = shard_with(who))
            one->latest = now;
          answered();
        },
        [answered](const caf::error&) { answered(); });
  }
}

std::vector<context_actor> context_set::handles() const {
  std::vector<context_actor> out;
  for (const auto& each : entries_)
    for (const auto& one : each->shards)
      if (one.handle)
        out.push_back(one.handle);
  return out;
}

void context_set::add_account(const entry& of, context_account& to) const {
  to.reason = of.reason;
  to.failure = of.failure;
  to.files = of.files;
  to.compiled = of.compiled;
  to.restarts += of.restarts;
  merge(to.books, of.books);
  to.machines = 0;
  for (uint32_t i = 0; i < of.shards.size(); ++i) {
    const auto& one = of.shards[i];
    to.machines += one.handle != nullptr;
    merge(to.books, one.latest);
    for (const auto& handed : one.records->account())
      merge(to.records, handed);
    for (size_t k = 0; k < one.lanes.size(); ++k)
      merge(to.lanes, {workers_[k], i, one.lanes[k]->options().most, one.lanes[k]->counters()});
  }
  to.state = of.parked ? "parked" : of.going ? "removed" : to.machines != 0 ? "running" : "ended";
}

/// A context that has gone, and one of its name that has come, are one.
std::vector<context_account> context_set::accounts() const {
  auto out = former_;
  for (const auto& each : entries_)
    add_account(*each, account_in(out, each->name));
  return out;
}

/// Of those that have gone and have nothing left to do, the books stay. Nobody else knows them any
/// more: the captures have other lanes.
void context_set::forget_gone() {
  std::erase_if(entries_, [this](const auto& each) {
    if (!each->going
        || std::ranges::any_of(each->shards, [](const shard& x) { return x.handle != nullptr; }))
      return false;
    add_account(*each, account_in(former_, each->name));
    return true;
  });
}

} // namespace flowactors
