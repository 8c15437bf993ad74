#include "config/assign.hpp"
#include "config/ini.hpp"
#include "config/quantity.hpp"
#include "config/schema.hpp"
#include "config/settings.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr const char* heading =
  "Settings of flowactors. Each key stands with what it means, its type, its default, and what "
  "a reload (SIGHUP) does.\n\n"
  "A comment begins with # or ; at the start of a line or after a blank. Lists are separated by "
  "commas; a line that ends "
  "with a comma goes on in the next one. A text or item that has # ; , \" or blanks at its ends "
  "stands in double quotes, where "
  "\\\\ \\\" \\n \\t \\r \\xHH are what they are in C. Times have a unit (ns us ms s min h), "
  "sizes too (B KiB MiB GiB kB MB GB).\n\n"
  "Relative paths start at the folder of this file. What is left out has its default; what is "
  "not known is an error.";

/// Whether a text can stand without quotes and come back the same.
bool plain(const std::string& text) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view("_-./:+@%").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(text, harmless);
}

std::string written(const std::string& text) {
  return plain(text) ? text : quote_ini(text);
}

std::string written(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list)
    out += (out.empty() ? "" : ", ") + (item.empty() ? quote_ini(item) : written(item));
  return out;
}

std::string written(const setting_key& key, settings& values, const std::string& instance) {
  const auto write = [&key](auto* place) -> std::string {
    using type = std::remove_pointer_t<decltype(place)>;
    if constexpr (std::is_same_v<type, bool>)
      return *place ? "true" : "false";
    else if constexpr (std::is_same_v<type, std::chrono::nanoseconds>)
      return format_quantity(static_cast<uint64_t>(place->count()), duration_units());
    else if constexpr (std::is_integral_v<type>)
      return key.rule.kind == value_kind::size ? format_quantity(*place, size_units())
                                               : std::to_string(*place);
    else
      return written(*place);
  };
  return std::visit(write, key.member(values, instance));
}

/// Comment lines of at most 100 columns. A newline in the text begins another line.
std::string as_comment(std::string_view text) {
  constexpr size_t width = 98;
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    if (end > width)
      end = std::min(text.rfind(' ', width), end); // a word without end stays whole
    out += end == 0 ? "#" : "# ";
    out.append(text.substr(0, end)) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string about(const setting_key& key, settings& defaults) {
  const auto text = written(key, defaults, {});
  const std::string reload = key.reload == reload_effect::applies ? "takes effect"
                             : key.reload == reload_effect::rereads
                               ? "read again; another path waits for a restart"
                               : "waits for a restart";
  return "Type: " + expectation(key.rule) + ".\nDefault: " + (text.empty() ? "empty" : text)
         + ". Reload: " + reload + ".";
}

std::string written(const setting_section& section, settings& values, const std::string& instance,
                    settings& defaults) {
  const auto name = std::string(section.name) + (instance.empty() ? "" : "." + instance);
  std::string out = as_comment(section.meaning) + "[" + name + "]\n";
  for (const auto& key : setting_keys()) {
    if (std::string_view(key.section) != section.name)
      continue;
    const auto text = written(key, values, instance);
    out += "\n" + as_comment(key.meaning) + as_comment(about(key, defaults)) + key.name + " ="
           + (text.empty() ? "" : " ") + text + "\n";
  }
  return out;
}

/// All sections of this name; if there are none, one as a comment, to show how it is written.
std::string written_each(const setting_section& section, settings& values, settings& defaults) {
  std::string out;
  for (const auto& instance : section.instances(values))
    out += "\n" + written(section, values, instance, defaults);
  if (!out.empty())
    return out;
  settings model;
  const auto text = written(section, model, "NAME", defaults);
  for (size_t from = 0; from < text.size();) {
    const size_t end = text.find('\n', from) + 1;
    const bool comment = text[from] == '#' || text[from] == '\n';
    out += (comment ? "" : "#") + text.substr(from, end - from);
    from = end;
  }
  return "\n" + out;
}

} // namespace

std::string dump_settings(const settings& values) {
  std::error_code failure;
  settings shown = values;
  settings defaults;
  make_paths_absolute(shown, std::filesystem::current_path(failure));
  std::string out = as_comment(heading);
  for (const auto& section : setting_sections())
    out += section.instances == nullptr ? "\n" + written(section, shown, {}, defaults)
                                        : written_each(section, shown, defaults);
  return out;
}

} // namespace flowactors
