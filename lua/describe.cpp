#include "lua/describe.hpp"

#include "lua/flow_fields.hpp"

namespace flowactors {

std::string describe_fields() {
  std::string out = "| Field | Type | Unit | Present | Meaning |\n|---|---|---|---|---|\n";
  for (const flow_field& field : flow_fields()) {
    const std::string_view when = field.when;
    out += std::string{"| `"} + field.name + "` | " + type_of(field) + " | " + field.unit + " | "
           + (when.empty() ? "always" : field.when) + " | " + field.meaning + " |\n";
  }
  return out;
}

std::string annotate_fields() {
  std::string out;
  for (const flow_field& field : flow_fields()) {
    const bool always = std::string_view{field.when}.empty();
    const bool unit = !std::string_view{field.unit}.empty();
    out += std::string{"---@field "} + field.name + (always ? " " : "? ") + type_of(field) + " "
           + field.meaning + (unit ? std::string{" Unit: "} + field.unit + "." : "")
           + (always ? "" : std::string{" Present "} + field.when + ".") + "\n";
  }
  return out;
}

std::string with_fields(std::string_view text, std::string_view fields) {
  const size_t begin = text.find("BEGIN fields"), end = text.find("END fields");
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return std::string{text};
  const size_t from = text.find('\n', begin) + 1;
  const size_t to = text.rfind('\n', end) + 1;
  return std::string{text.substr(0, from)} + std::string{fields} + std::string{text.substr(to)};
}

} // namespace flowactors
