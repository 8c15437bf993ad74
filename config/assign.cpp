#include "config/assign.hpp"

#include "config/nearest.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <array>

namespace flowactors {

namespace {

using enum value_kind;

bool is_path(value_kind kind) {
  return kind == input_file || kind == output_file || kind == folder || kind == inputs;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on")
    return true;
  if (text == "false" || text == "no" || text == "off")
    return false;
  return std::nullopt;
}

std::optional<uint64_t> parse_number(std::string_view text, const value_rule& rule) {
  const auto value = rule.kind == integer    ? parse_integer(text)
                     : rule.kind == duration ? parse_quantity(text, duration_units())
                                             : parse_quantity(text, size_units());
  if (value && *value == 0 && rule.zero != nullptr)
    return value;
  if (!value || *value < rule.least || *value > rule.most || *value % rule.step != 0)
    return std::nullopt;
  return value;
}

/// The table promises that the rule's range fits into the member (a test holds it to that).
void store(const setting_member& member, uint64_t value) {
  std::visit(
    [value](auto* place) {
      using type = std::remove_pointer_t<decltype(place)>;
      if constexpr (std::is_integral_v<type>)
        *place = static_cast<type>(value);
      else if constexpr (std::is_same_v<type, std::chrono::nanoseconds>)
        *place = type(static_cast<int64_t>(value));
    },
    member);
}

/// Checks one value or item and brings it into its usual form; or fills in what was expected.
bool take_text(std::string& text, const value_rule& rule, const std::filesystem::path& folder,
               value_fault& fault) {
  fault.expected = expectation(rule);
  if (rule.kind == choice || rule.kind == value_kind::choices) {
    const auto known = choice_names(rule);
    if (std::ranges::count(known, text) > 0)
      return true;
    fault.nearest = nearest(text, known);
    return false;
  }
  if (is_list(rule.kind) && text.empty())
    return false;
  if (rule.kind == networks) {
    const auto normal = normal_network(text);
    if (normal == text)
      return true;
    if (normal)
      fault.expected =
        "a network without bits behind its prefix, in the usual form: '" + *normal + "'";
    return false;
  }
  if (is_path(rule.kind))
    text = absolute_path(text, folder, rule.dash);
  return true;
}

std::vector<value_fault> assign_list(std::vector<std::string>& out, const value_rule& rule,
                                     const ini_value& value, const std::filesystem::path& folder) {
  std::vector<std::string> list;
  std::vector<value_fault> faults;
  for (const auto& item : value.items) {
    value_fault fault{item.line, show(item.text), {}, {}};
    std::string text = item.text;
    const bool fits = take_text(text, rule, folder, fault);
    // Only a capture file may be read twice.
    const bool twice = (rule.kind != inputs || text == "-") && std::ranges::count(list, text) > 0;
    if (fits && twice)
      fault.expected = "each only once";
    if (!fits || twice)
      faults.push_back(std::move(fault));
    else
      list.push_back(std::move(text));
  }
  if (faults.empty())
    out = std::move(list);
  return faults;
}

} // namespace

std::string absolute_path(const std::string& path, const std::filesystem::path& folder, bool dash) {
  if (path.empty() || (dash && path == "-"))
    return path;
  std::error_code failure;
  const auto joined = folder / path;
  const auto normal = joined.lexically_normal();
  const bool parents = std::ranges::any_of(joined, [](const auto& part) { return part == ".."; });
  return parents && !std::filesystem::equivalent(joined, normal, failure) ? joined.string()
                                                                          : normal.string();
}

void make_paths_absolute(settings& values, const std::filesystem::path& folder) {
  for (const auto& key : setting_keys()) {
    if (!is_path(key.rule.kind))
      continue;
    for (const auto& instance : instances_of(key, values)) {
      const auto place = key.member(values, instance);
      if (auto* const* path = std::get_if<std::string*>(&place))
        **path = absolute_path(**path, folder, key.rule.dash);
      else if (auto* const* paths = std::get_if<std::vector<std::string>*>(&place))
        for (auto& each : **paths)
          each = absolute_path(each, folder, key.rule.dash);
    }
  }
}

std::vector<value_fault> assign(settings& out, const setting_key& key, const std::string& instance,
                                const ini_value& value, size_t line,
                                const std::filesystem::path& folder) {
  const auto place = key.member(out, instance);
  if (auto* const* list = std::get_if<std::vector<std::string>*>(&place))
    return assign_list(**list, key.rule, value, folder);
  value_fault fault{line, show(value.text), expectation(key.rule), {}};
  if (value.continued) {
    fault.expected += ", on one line";
    return {fault};
  }
  if (auto* const* text = std::get_if<std::string*>(&place)) {
    std::string taken = value.text;
    if (!take_text(taken, key.rule, folder, fault))
      return {fault};
    **text = std::move(taken);
    return {};
  }
  if (auto* const* flag = std::get_if<bool*>(&place)) {
    const auto parsed = parse_boolean(value.text);
    if (!parsed)
      return {fault};
    **flag = *parsed;
    return {};
  }
  const auto number = parse_number(value.text, key.rule);
  if (!number)
    return {fault};
  store(place, *number);
  return {};
}

} // namespace flowactors
