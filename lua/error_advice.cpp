#include "lua/error_advice.hpp"

#include "lua/script_folder.hpp"

#include <algorithm>
#include <vector>

namespace flowactors {

namespace {

// What scripts find besides Lua's own, and of that what is often misspelt.
const std::vector<std::string_view> globals{
  "bit",           "callbacks",    "coroutine", "distinct",  "emit",   "error",
  "expiring_map",  "expiring_set", "flow",      "interface", "ipairs", "json",
  "log",           "math",         "ntop",      "now",       "os",     "pairs",
  "pcall",         "prefix_set",   "print",     "require",   "send",   "string",
  "table",         "tonumber",     "tostring",  "top_k",     "type",   "unpack",
  "window_counter"};

} // namespace

std::string advice_on(std::string_view message) {
  constexpr std::string_view before = "global '", behind = "' (a nil value)";
  const size_t at = message.find(before);
  if (at == message.npos)
    return {};
  const std::string_view rest = message.substr(at + before.size());
  const size_t end = rest.find(behind);
  constexpr size_t longest_name = 64;
  if (end == rest.npos || end > longest_name)
    return {};
  const std::string_view name = rest.substr(0, end), meant = nearest(name, globals);
  if (meant.empty() || meant == name)
    return {};
  return " (did you mean " + std::string{meant} + "?)";
}

} // namespace flowactors
