#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace flowactors {

/// What a reload has to do so that a run with some settings becomes one with others.
struct reload_plan {
  std::vector<std::string> added;   ///< contexts
  std::vector<std::string> removed; ///< contexts
  std::vector<std::string> changed; ///< contexts that stay, with other settings
  std::vector<std::string> resized; ///< of these, those with another number of shards
  std::vector<std::string> added_outputs, removed_outputs, changed_outputs;
  std::vector<std::string> applied; ///< other keys that take effect now, as "section.key"
  std::vector<std::string> waiting; ///< keys that wait for the next start
  settings values;                  ///< to go on with: the new ones, but for those that wait
};

/// Compares key by key; what does not differ is not in the plan.
reload_plan plan_reload(const settings& old, const settings& fresh);

} // namespace flowactors
