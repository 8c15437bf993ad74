#include "actors/output_set.hpp"

#include "actors/log.hpp"
#include "actors/options.hpp"
#include "actors/output.hpp"
#include "actors/post_sink.hpp"

#include <utility>

namespace flowactors {

namespace {

constexpr const char* component = "output";

/// Lines of other nodes join what waits for the output.
void take_foreign(record_queue& to, std::string_view lines) {
  record_batch batch;
  for (size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != lines.npos; begin = end + 1)
    batch.add(record_line{lines.substr(begin, end - begin)});
  to.put_foreign(batch);
}

} // namespace

std::unique_ptr<record_sink> output_set::sink_of(const std::string& name,
                                                 const settings::output_section& from) const {
  if (from.kind == "stdout")
    return make_stream_sink(descriptor_, "standard output");
  if (from.kind == "unix")
    return make_socket_sink(from.path);
  if (from.kind == "node")
    return make_post_sink(post_, from.at, name);
  return make_file_sink({from.path, from.rotate, from.keep});
}

/// Other nodes may send records to those that are here.
void output_set::announce() {
  if (post_ == nullptr)
    return;
  std::map<std::string, post_office::outlet> outlets;
  for (const auto& each : entries_)
    if (!each.leaving && !each.elsewhere)
      outlets[each.name] = [queue = each.queue](std::string_view lines) {
        take_foreign(*queue, lines);
      };
  post_->set_outlets(std::move(outlets));
}

result<void> output_set::start(pointer self, const settings& values,
                               const std::shared_ptr<const catalog>& names, int descriptor,
                               bool detached) {
  names_ = names;
  descriptor_ = descriptor;
  detached_ = detached;
  for (const auto& each : values.outputs)
    if (auto spawned = spawn(self, values, each.first, false); !spawned)
      return spawned;
  announce();
  return {};
}

result<void> output_set::spawn(pointer self, const settings& values, const std::string& name,
                               bool waits) {
  const auto& from = values.outputs.at(name);
  auto handle = std::make_shared<output_actor>();
  auto options = queue_options_of(values, from);
  options.name = name;
  auto queue =
    std::make_shared<record_queue>(options, [handle] { caf::anon_send(*handle, write_atom_v); });
  auto made = std::make_unique<record_output>(queue, sink_of(name, from), names_.get(),
                                              values.flows.community_id_seed);
  if (auto opened = made->open(self->clock().now()); !opened) {
    if (made->loss() == record_loss::write_error)
      return error{opened.failure().code, "[output." + name + "] " + opened.failure().what};
    log::warning(component, "waits for", name, opened.failure().what);
    made->take_news();
  }
  auto parts =
    std::make_shared<output_parts>(output_parts{name, std::move(made), queue, names_, waits});
  *handle = detached_ ? self->spawn<caf::detached>(output, std::move(parts))
                      : self->spawn(output, std::move(parts));
  self->monitor(*handle);
  entries_.push_back({name, std::move(queue), *handle, false, false, {}, {}, from.kind == "node"});
  ++running_;
  return {};
}

std::vector<std::shared_ptr<record_queue>> output_set::queues() const {
  std::vector<std::shared_ptr<record_queue>> out;
  for (const auto& each : entries_)
    if (!each.leaving) // one that broke down names what it loses
      out.push_back(each.queue);
  return out;
}

std::shared_ptr<record_ports> output_set::make_ports() {
  std::erase_if(ports_, [](const auto& each) { return each.expired(); });
  auto out = std::make_shared<record_ports>(queues());
  ports_.push_back(out);
  return out;
}

std::vector<output_fault> output_set::change(pointer self, const settings& values,
                                             const std::vector<std::string>& added,
                                             const std::vector<std::string>& changed,
                                             const std::vector<std::string>& removed) {
  std::vector<output_fault> faults;
  std::vector<size_t> leaving;
  const auto supersede = [&](const std::string& name, const output_actor& successor) {
    for (size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].name == name && !entries_[i].leaving && entries_[i].handle != successor) {
        entries_[i].leaving = true;
        entries_[i].successor = successor;
        leaving.push_back(i);
      }
  };
  for (const auto& name : added)
    if (auto spawned = spawn(self, values, name, false); !spawned)
      faults.push_back({name, spawned.failure().what});
  for (const auto& name : changed) {
    if (auto spawned = spawn(self, values, name, true); !spawned)
      faults.push_back({name, spawned.failure().what});
    else
      supersede(name, entries_.back().handle);
  }
  for (const auto& name : removed)
    supersede(name, {});
  for (const auto& each : ports_)
    if (const auto ports = each.lock())
      ports->set(queues());
  announce();
  for (const size_t i : leaving)
    leave(self, i);
  return faults;
}

/// Nobody puts anything in any more.
void output_set::leave(pointer self, size_t index) {
  auto& each = entries_[index];
  if (std::exchange(each.ended, false)) { // it broke down
    ++running_;
    return one_finished(index);
  }
  self->request(each.handle, caf::infinite, finish_atom_v)
    .then([this, index](const record_counters&) { one_finished(index); },
          [](const caf::error&) {}); // the monitor tells why
}

void output_set::reopen(pointer self) {
  for (const auto& each : entries_) {
    if (each.ended || each.leaving)
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
    if (each.queue != nullptr)
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
    if (!entries_[i].ended && !entries_[i].leaving)
      leave(self, i);
}

void output_set::one_finished(size_t index) {
  auto& each = entries_[index];
  if (std::exchange(each.ended, true))
    return;
  each.queue->close(record_loss::unfinished);
  if (each.successor)
    caf::anon_send(each.successor, run_atom_v);
  if (each.leaving) {
    former_[each.name].add(each.queue->counters());
    tell_losses(each, failures_);
    each.queue = nullptr;
    each.handle = each.successor = nullptr;
  }
  if (--running_ == 0 && done_)
    std::exchange(done_, nullptr)();
}

std::vector<output_actor> output_set::handles() const {
  std::vector<output_actor> out;
  for (const auto& each : entries_)
    if (each.handle)
      out.push_back(each.handle);
  return out;
}

std::vector<output_account> output_set::accounts() const {
  auto books = former_;
  for (const auto& each : entries_)
    if (each.queue != nullptr)
      books[each.name].add(each.queue->counters());
  std::vector<output_account> out;
  for (const auto& [name, counters] : books)
    out.push_back({name, counters});
  return out;
}

void output_set::tell_losses(const entry& of, std::vector<std::string>& into) {
  const auto books = of.queue->counters();
  if (!of.broke_down.empty())
    into.push_back("output " + of.name + " broke down: " + of.broke_down);
  for (const auto why :
       {record_loss::write_error, record_loss::unreachable, record_loss::unfinished})
    if (books.lost_by(why) != 0)
      into.push_back("output " + of.name + " lost " + std::to_string(books.lost_by(why))
                     + " records: " + to_string(why));
}

std::vector<std::string> output_set::failures() const {
  auto out = failures_;
  for (const auto& each : entries_)
    if (each.queue != nullptr)
      tell_losses(each, out);
  return out;
}

} // namespace flowactors
