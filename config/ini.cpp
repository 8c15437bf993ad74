#include "config/ini.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace flowactors {

namespace {

/// Reads a document line by line.
class document_reader {
public:
  ini_document read(std::string_view text) {
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = std::min(text.find('\n'), text.size());
      auto line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
      take(trim(line), number);
    }
    if (open_)
      end_list("the end of the file");
    return std::move(out_);
  }

private:
  void take(std::string_view line, size_t number) {
    line_ = number;
    if (line.empty() || line.front() == '#' || line.front() == ';')
      return;
    if (open_ && continues(line))
      return scan(line);
    if (line.front() == '[')
      return take_section(line);
    const size_t equals = line.find('=');
    if (equals == line.npos)
      return blame(place(),
                   "found " + show(line) + ", expected [section], key = value or a comment");
    const auto key = trim(line.substr(0, equals));
    if (key.empty())
      return blame(place(), "found " + show(line) + ", expected a key before the equals sign");
    take_entry(key, line.substr(equals + 1));
  }

  /// True if the line belongs to the list that ended with a comma. What looks like a key or a
  /// section does not.
  bool continues(std::string_view line) {
    const size_t word = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
    const size_t next = word == line.npos ? word : line.find_first_not_of(" \t", word);
    const bool key = word != 0 && next != line.npos && line[next] == '=';
    if (line.front() != '[' && !key)
      return true;
    end_list(show(line));
    return false;
  }

  void end_list(const std::string& found) {
    open_ = false;
    entry_->value.bad = true;
    blame(
      "[" + entry_->section + "] " + entry_->key,
      "found " + found
        + " after a comma, expected another item (in quotes if it looks like a key or a section)");
  }

  void take_section(std::string_view line) {
    const size_t end = std::min(line.find(']'), line.size());
    section_ = trim(line.substr(1, end - 1));
    const auto rest = trim(line.substr(std::min(end + 1, line.size())));
    const bool comment = rest.empty() || rest.front() == '#' || rest.front() == ';';
    if (end == line.size() || section_.empty() || !comment)
      return blame({}, "found " + show(line) + ", expected [section] and nothing else");
    const auto [known, fresh] = sections_.emplace(section_, line_);
    if (!fresh)
      return blame(place(), "found the section again, expected it once; it begins in line "
                              + std::to_string(known->second));
    out_.sections.push_back({section_, line_});
  }

  void take_entry(std::string_view key, std::string_view value) {
    skipped_ = {section_, std::string(key), {}, line_};
    entry_ = &skipped_;
    const auto [known, fresh] = keys_.emplace(std::pair(section_, skipped_.key), line_);
    if (!fresh) {
      blame(place(), "found a second value, expected one; the first is in line "
                       + std::to_string(known->second));
    } else {
      out_.entries.push_back(skipped_);
      entry_ = &out_.entries.back();
    }
    scan(value);
  }

  void scan(std::string_view text) {
    entry_->value.continued |= open_;
    const auto open = scan_ini_value(text, true, line_, entry_->value);
    open_ = open && open.value();
    if (!open)
      blame("[" + entry_->section + "] " + entry_->key, open.failure().what);
  }

  std::string place() const {
    if (entry_ != nullptr && entry_->line == line_)
      return section_.empty() ? entry_->key : "[" + section_ + "] " + entry_->key;
    return section_.empty() ? std::string() : "[" + section_ + "]";
  }

  void blame(const std::string& where, const std::string& what) {
    out_.faults.push_back({line_, where.empty() ? what : where + ": " + what});
  }

  ini_document out_;
  std::map<std::string, size_t> sections_;
  std::map<std::pair<std::string, std::string>, size_t> keys_;
  std::string section_;
  ini_entry skipped_{};        ///< takes the value of a key that stands twice
  ini_entry* entry_ = nullptr; ///< what `scan` adds to: the newest entry, or `skipped_`
  size_t line_ = 0;
  bool open_ = false; ///< the last value ended with a comma
};

} // namespace

ini_document read_ini(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  size_t line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n')
      ++line;
    const bool line_end =
      text[i] == '\n' || (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (line_end || !is_control(text[i]))
      continue;
    char code[8];
    std::snprintf(code, sizeof code, "0x%02x", static_cast<unsigned char>(text[i]));
    return {{},
            {},
            {{line, "found the control character " + std::string(code) + ", expected a text file"}},
            false};
  }
  return document_reader().read(text);
}

} // namespace flowactors
