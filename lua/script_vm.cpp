#include "lua/script_vm.hpp"

#include "lua/script_vm_impl.hpp"

#include <algorithm>
#include <bit>

namespace flowactors {

namespace {

// As many as make the texts that are kept less than half of the memory, were all of them long.
size_t kept_places_within(size_t memory) noexcept {
  return std::clamp(std::bit_floor(memory / 16384), size_t{64}, size_t{4096});
}

} // namespace

script_vm::impl::impl(const script_vm_options& from)
  : options(from),
    output(from.output != nullptr ? from.output : &nobody_listens),
    access(from.names),
    helpers(from.helper_bytes),
    guard(options.limits),
    point(guard, options.limits.recursion) {
  access.cursor.text_arena = from.text_arena;
  helpers.now_ns = &access.cursor.now_ns;
  host.output = output;
  lifecycle.post = from.post;
  cache.store = from.store != nullptr ? from.store : std::make_shared<value_store>();
  cache.output = output;
  host.meter.set_most(from.limits.output);
  host.budget.pattern_steps = from.limits.pattern_steps;
  guard.set_place(&access.cursor.place);
  if (from.compat_names == name_age::of_year_2017)
    access.old_names = translate_names(from.names != nullptr ? *from.names : catalog{});
  access.community_id_seed = from.community_id_seed;
  access.kept_places = kept_places_within(from.limits.memory);
  access.most_code_kb = std::clamp(from.limits.memory >> 14, size_t{256}, size_t{4096});
}

script_vm::impl::~impl() {
  if (L != nullptr)
    guard.memory().close(L);
}

script_vm::script_vm(std::unique_ptr<impl> data) : impl_(std::move(data)) {}

script_vm::~script_vm() = default;

result<std::unique_ptr<script_vm>> script_vm::make(const script_vm_options& options) {
  auto data = std::make_unique<impl>(options);
  if (auto opened = data->open(); !opened)
    return opened.failure();
  return std::unique_ptr<script_vm>{new script_vm{std::move(data)}};
}

const std::vector<error>& script_vm::load_faults() const noexcept {
  return impl_->faults;
}

const std::vector<std::string>& script_vm::scripts() const noexcept {
  return impl_->names;
}

const std::vector<std::string>& script_vm::unknown_callbacks() const noexcept {
  return impl_->unknown;
}

bool script_vm::jit() const noexcept {
  return impl_->jit;
}

void script_vm::attach(const char* text_arena) noexcept {
  impl_->access.cursor.text_arena = text_arena;
}

event_mask script_vm::interest() const noexcept {
  const event_mask ends = impl_->access.has_data ? mask_of(event_kind::ended) : event_mask{0};
  return static_cast<event_mask>(impl_->interest | ends);
}

void script_vm::handle(event_kind kind, flow_record& flow, int64_t now_ns) noexcept {
  impl_->handle(kind, flow, now_ns);
}

void script_vm::handle(std::span<const script_event> events) noexcept {
  impl_->handle(events);
}

void script_vm::flush() noexcept {
  impl& self = *impl_;
  self.flush_output();
  if (self.unsettled != 0)
    self.advance_breakers();
  if (self.purge)
    self.rebuild();
  if (self.L == nullptr)
    return;
  self.compile_anew();
  self.collect();
}

uint64_t script_vm::handled(event_kind kind) const noexcept {
  return impl_->handled[static_cast<size_t>(kind)];
}

std::vector<callback_costs> script_vm::costs() const {
  std::vector<callback_costs> all;
  const auto add = [&](const script_callback& target) {
    callback_costs& out = all.emplace_back();
    out.script = impl_->names[target.script];
    out.callback = target.name;
    out.calls = target.calls;
    out.errors = target.errors;
    out.sampled = target.costs.sampled();
    out.ns_mean = target.costs.mean();
    out.ns_p50 = target.costs.quantile(0.5);
    out.ns_p99 = target.costs.quantile(0.99);
    out.ns_max = target.costs.max();
    out.suspended = target.suspended;
    out.limits = target.limits;
  };
  for (const auto& of_kind : impl_->callbacks)
    for (const auto& target : of_kind)
      add(*target);
  for (const auto& target : impl_->hook_targets)
    if (target != nullptr)
      add(*target);
  return all;
}

std::vector<script_condition> script_vm::conditions() const {
  std::vector<script_condition> all;
  for (size_t i = 0; i < impl_->scripts.size(); ++i) {
    const running_script& script = *impl_->scripts[i];
    all.push_back(
      {impl_->names[i], to_string(script.breaker.now()), script.breaches, script.reason});
  }
  return all;
}

uint64_t script_vm::output_dropped() const noexcept {
  return impl_->host.meter.dropped();
}

const message_counts& script_vm::messages() const noexcept {
  return impl_->lifecycle.messages;
}

uint64_t script_vm::data_faults() const noexcept {
  return impl_->access.data_faults;
}

uint64_t script_vm::rebuilds() const noexcept {
  return impl_->rebuilds;
}

size_t script_vm::memory() const noexcept {
  return impl_->guard.memory().used();
}

} // namespace flowactors
