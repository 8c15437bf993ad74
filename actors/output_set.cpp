#include "actors/output_set.hpp"

#include "actors/log.hpp"
#include "actors/options.hpp"
#include "actors/output.hpp"

#include <utility>

namespace flowactors {

namespace {

constexpr const char* component = "output";

std::unique_ptr<record_sink> sink_of(const settings::output_section& from, int descriptor) {
  if (from.kind == "stdout")
    return make_stream_sink(descriptor, "standard output");
  if (from.kind == "unix")
    return make_socket_sink(from.path);
  return make_file_sink({from.path, from.rotate, from.keep});
}

} // namespace

result<void> output_set::start(pointer self, const settings& values,
                               const std::shared_ptr<const catalog>& names, int descriptor,
                               bool detached) {
  for (const auto& [name, from] : values.outputs) {
    auto handle = std::make_shared<output_actor>();
    auto queue = std::make_shared<record_queue>(
      queue_options_of(values, from), [handle] { caf::anon_send(*handle, write_atom_v); });
    auto made = std::make_unique<record_output>(queue, sink_of(from, descriptor), names.get(),
                                                values.flows.community_id_seed);
    if (auto opened = made->open(self->clock().now()); !opened) {
      if (made->loss() == record_loss::write_error)
        return error{opened.failure().code, "[output." + name + "] " + opened.failure().what};
      log::warning(component, "waits for", name, opened.failure().what);
      made->take_news();
    }
    auto parts = std::make_shared<output_parts>(output_parts{name, std::move(made), queue, names});
    *handle = detached ? self->spawn<caf::detached>(output, std::move(parts))
                       : self->spawn(output, std::move(parts));
    self->monitor(*handle);
    entries_.push_back({name, std::move(queue), *handle, false, {}});
    ++running_;
  }
  return {};
}

std::shared_ptr<record_ports> output_set::make_ports() const {
  std::vector<std::shared_ptr<record_queue>> queues;
  for (const auto& each : entries_)
    queues.push_back(each.queue);
  return std::make_shared<record_ports>(std::move(queues));
}

void output_set::reopen(pointer self) {
  for (const auto& each : entries_) {
    if (each.ended)
      continue;
    self->request(each.handle, caf::infinite, reopen_atom_v)
      .then(
        [name = each.name](const std::string& fault) {
          if (!fault.empty())
            log::error(component, "keeps the old file of", name, fault);
        },
        [](const caf::error&) {}); // the monitor tells why
  }
}

void output_set::hurry() {
  for (const auto& each : entries_)
    each.queue->hurry();
}

bool output_set::take_down(const caf::down_msg& down) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    auto& each = entries_[i];
    if (each.ended || each.handle->address() != down.source)
      continue;
    each.broke_down = caf::to_string(down.reason);
    log::error(component, "breaks down", each.name, each.broke_down);
    one_finished(i);
    return true;
  }
  return false;
}

void output_set::finish(pointer self, std::function<void()> done) {
  done_ = std::move(done);
  if (running_ == 0)
    return std::exchange(done_, nullptr)();
  for (size_t i = 0; i < entries_.size(); ++i)
    if (!entries_[i].ended)
      self->request(entries_[i].handle, caf::infinite, finish_atom_v)
        .then([this, i](const record_counters&) { one_finished(i); },
              [](const caf::error&) {}); // the monitor tells why
}

void output_set::one_finished(size_t index) {
  auto& each = entries_[index];
  if (std::exchange(each.ended, true))
    return;
  each.queue->close(record_loss::unfinished);
  if (--running_ == 0 && done_)
    std::exchange(done_, nullptr)();
}

std::vector<output_actor> output_set::handles() const {
  std::vector<output_actor> out;
  for (const auto& each : entries_)
    out.push_back(each.handle);
  return out;
}

std::vector<output_account> output_set::accounts() const {
  std::vector<output_account> out;
  for (const auto& each : entries_) {
    const auto& options = each.queue->options();
    out.push_back({each.name, options.emits, options.flows, each.queue->counters()});
  }
  return out;
}

std::vector<std::string> output_set::failures() const {
  std::vector<std::string> out;
  for (const auto& each : entries_) {
    const auto books = each.queue->counters();
    if (!each.broke_down.empty())
      out.push_back("output " + each.name + " broke down: " + each.broke_down);
    for (const auto why :
         {record_loss::write_error, record_loss::unreachable, record_loss::unfinished})
      if (books.lost_by(why) != 0)
        out.push_back("output " + each.name + " lost " + std::to_string(books.lost_by(why))
                      + " records: " + to_string(why));
  }
  return out;
}

} // namespace flowactors
