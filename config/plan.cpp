#include "config/plan.hpp"

#include "config/schema.hpp"

#include <string_view>
#include <variant>

namespace flowactors {

namespace {

/// True if the key has the same value in both.
bool same(const setting_key& key, const std::string& instance, settings& one, settings& two) {
  const auto there = key.member(two, instance);
  return std::visit([&](auto* here) { return *here == *std::get<decltype(here)>(there); },
                    key.member(one, instance));
}

void copy(const setting_key& key, const std::string& instance, settings& from, settings& to) {
  const auto source = key.member(from, instance);
  std::visit([&](auto* target) { *target = *std::get<decltype(target)>(source); },
             key.member(to, instance));
}

void compare_contexts(const settings& old, const settings& fresh, reload_plan& out) {
  for (const auto& [name, section] : fresh.contexts) {
    const auto before = old.contexts.find(name);
    if (before == old.contexts.end()) {
      out.added.push_back(name);
    } else if (before->second != section) {
      out.changed.push_back(name);
      if (before->second.shards != section.shards || before->second.at != section.at)
        out.resized.push_back(name);
    }
  }
  for (const auto& [name, section] : old.contexts)
    if (!fresh.contexts.contains(name))
      out.removed.push_back(name);
}

void compare_outputs(const settings& old, const settings& fresh, reload_plan& out) {
  for (const auto& [name, section] : fresh.outputs) {
    const auto before = old.outputs.find(name);
    if (before == old.outputs.end())
      out.added_outputs.push_back(name);
    else if (before->second != section)
      out.changed_outputs.push_back(name);
  }
  for (const auto& [name, section] : old.outputs)
    if (!fresh.outputs.contains(name))
      out.removed_outputs.push_back(name);
}

/// A file is filtered the same way from its first packet to its last.
bool waits_for_files(std::string_view key, const settings& values) {
  return key == "capture.filter" && !values.capture.read.empty();
}

} // namespace

reload_plan plan_reload(const settings& old, const settings& fresh) {
  reload_plan out;
  out.values = fresh;
  settings before = old;
  for (const auto& key : setting_keys()) {
    const std::string_view section = key.section;
    if (section == "context" || section == "output" || same(key, {}, before, out.values))
      continue;
    const auto name = std::string(section) + "." + key.name;
    if (key.reload == reload_effect::applies && !waits_for_files(name, old)) {
      out.applied.push_back(name);
    } else {
      out.waiting.push_back(name);
      copy(key, {}, before, out.values);
    }
  }
  compare_contexts(old, fresh, out);
  compare_outputs(old, fresh, out);
  return out;
}

} // namespace flowactors
