#include "config/settings.hpp"

#include "config/assign.hpp"
#include "config/check.hpp"
#include "config/faults.hpp"
#include "config/ini.hpp"
#include "config/schema.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

namespace flowactors {

namespace {

namespace fs = std::filesystem;

constexpr size_t largest_file = 1 << 20;

/// Brings file, overrides and defaults together, and collects what is wrong.
class assembly {
public:
  assembly(std::string name, fs::path folder, const settings& defaults)
    : name_(std::move(name)), folder_(std::move(folder)) {
    values_ = defaults;
    make_paths_absolute(values_, folder_);
  }

  void take_text(const std::string& text) {
    const auto document = read_ini(text);
    complete_ = document.text;
    for (const auto& fault : document.faults)
      in_line(fault.line, fault.what);
    for (const auto& section : document.sections)
      if (is_section(section.name))
        make_section(section.name);
      else
        in_line(section.line, unknown_section(section.name));
    for (const auto& entry : document.entries)
      take_entry(entry);
    std::ranges::stable_sort(faults_, {}, &placed_fault::line);
  }

  void take_override(const setting_override& assignment, const fs::path& folder) {
    const size_t dot = assignment.target.rfind('.');
    const auto blame = [&](const std::string& what) { add(0, assignment.origin + ": " + what); };
    if (dot == assignment.target.npos)
      return blame(sentence(show(assignment.target), "section.key", {}));
    const auto section = assignment.target.substr(0, dot);
    const auto name = assignment.target.substr(dot + 1);
    if (!is_section(section))
      return blame(unknown_section(section));
    const auto* key = find_key(section, name);
    if (key == nullptr)
      return blame(unknown_key(section, name));
    auto& from = origins_[assignment.target];
    from.where = assignment.origin;
    const auto value = read_ini_value(assignment.value);
    from.faulty |= !value;
    if (!value)
      return blame(place(section, name) + value.failure().what);
    for (const auto& fault :
         assign(values_, *key, instance_of(section), value.value(), 0, folder)) {
      blame(place(section, name) + sentence(fault.found, fault.expected, fault.nearest));
      from.faulty = true;
    }
  }

  /// The file can't be read: what rests on its values is not checked.
  void give_up_file(std::string why) {
    add(0, std::move(why));
    complete_ = false;
  }

  settings_outcome finish() {
    if (complete_)
      check();
    settings_outcome out{std::move(values_), {}};
    for (auto& each : faults_)
      out.faults.push_back(std::move(each.text));
    return out;
  }

private:
  struct placed_fault {
    size_t line;
    setting_fault text;
  };

  /// Where a key got its value.
  struct origin {
    std::string where; ///< empty = the defaults
    bool faulty = false;
  };

  void check() {
    for (const auto& found : check_settings(values_)) {
      const auto& from = origins_[found.section + "." + found.key];
      const bool faulty =
        from.faulty || std::ranges::any_of(found.involved, [this](const std::string& target) {
          return origins_[target].faulty;
        });
      if (faulty)
        continue;
      const auto defaults = name_.empty() ? "defaults" : name_ + " (default)";
      add(0, (from.where.empty() ? defaults : from.where) + ": " + place(found.section, found.key)
               + sentence(found.found, found.expected, {}));
    }
  }

  /// A section that there may be many of is there even if it has no key.
  void make_section(const std::string& section) {
    for (const auto& key : setting_keys())
      if (&key == find_key(section, key.name))
        key.member(values_, instance_of(section));
  }

  void add(size_t line, std::string text) { faults_.push_back({line, std::move(text)}); }

  void in_line(size_t line, const std::string& what) {
    add(line, name_ + ":" + std::to_string(line) + ": " + what);
  }

  void take_entry(const ini_entry& entry) {
    if (entry.section.empty())
      return in_line(entry.line, key_without_section(entry.key));
    if (!is_section(entry.section))
      return;
    const auto* key = find_key(entry.section, entry.key);
    if (key == nullptr)
      return in_line(entry.line, unknown_key(entry.section, entry.key));
    auto& from = origins_[entry.section + "." + entry.key];
    from = {name_ + ":" + std::to_string(entry.line), entry.value.bad};
    if (entry.value.bad)
      return;
    for (const auto& fault :
         assign(values_, *key, instance_of(entry.section), entry.value, entry.line, folder_)) {
      in_line(fault.line, place(entry.section, entry.key)
                            + sentence(fault.found, fault.expected, fault.nearest));
      from.faulty = true;
    }
  }

  std::string name_;
  fs::path folder_;
  settings values_;
  std::vector<placed_fault> faults_;
  std::map<std::string, origin> origins_; ///< by "section.key"
  bool complete_ =
    true; ///< false: the file's values are not known, so nothing that rests on them is checked
};

fs::path working_folder() {
  std::error_code failure;
  auto folder = fs::current_path(failure);
  return failure ? fs::path("/") : folder;
}

/// The file's text. A pipe will do, too.
result<std::string> read_file(const fs::path& path) {
  const auto name = path.string();
  std::error_code failure;
  if (fs::is_directory(path, failure))
    return error{
      ec::wrong_kind,
      name + ": found a folder, expected a configuration file (config/flowactors.ini is a model)"};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                       &std::fclose);
  if (!file && errno == ENOENT)
    return error{
      ec::not_found,
      name
        + ": found no such file, expected a configuration file (config/flowactors.ini is a model)"};
  if (!file)
    return error{ec::no_permission, name + ": found that it can't be opened ("
                                      + std::strerror(errno)
                                      + "), expected a configuration file that this user may read"};
  std::string text(largest_file + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0)
    return error{ec::io_failed, name + ": found that reading fails (" + std::strerror(errno)
                                  + "), expected a configuration file"};
  if (text.size() > largest_file)
    return error{ec::bad_format, name + ": found more than 1MiB, expected a configuration file"};
  return text;
}

} // namespace

settings_outcome load_settings(const fs::path& file, const std::vector<setting_override>& overrides,
                               const settings& defaults) {
  const auto here = working_folder();
  assembly parts(file.string(), here / file.parent_path(), defaults);
  if (!file.empty()) {
    const auto text = read_file(file);
    if (text)
      parts.take_text(text.value());
    else
      parts.give_up_file(text.failure().what);
  }
  for (const auto& assignment : overrides)
    parts.take_override(assignment, here);
  return parts.finish();
}

settings_outcome parse_settings(const std::string& text, const std::string& name,
                                const fs::path& folder,
                                const std::vector<setting_override>& overrides,
                                const settings& defaults) {
  const auto here = working_folder();
  assembly parts(name, here / folder, defaults);
  parts.take_text(text);
  for (const auto& assignment : overrides)
    parts.take_override(assignment, here);
  return parts.finish();
}

std::string quote_setting(const std::string& value) {
  return quote_ini(value);
}

std::string quote_settings(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values)
    out += (out.empty() ? "" : ", ") + quote_ini(value);
  return out;
}

} // namespace flowactors
