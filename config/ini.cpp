#include "config/ini.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace flowactors {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
}

bool control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Reads one line's share of a value. Blames the first thing that is wrong.
class value_scanner {
public:
  value_scanner(std::string_view text, bool comments) : text_(text), comments_(comments) {}

  /// Appends what it finds to `out`. True if the line ends with a comma, so that an item must
  /// follow.
  bool scan(ini_value& out, size_t line) {
    size_t from = skip_blanks(0);
    size_t end = from; // of the value, without comment and blanks
    bool open = false;
    bool quoted = false;
    for (size_t at = from; at < text_.size() && !comment(at) && blame_.empty();) {
      quoted = text_[at] == '"';
      std::string item = quoted ? quoted_item(at) : plain_item(at);
      out.items.push_back({std::move(item), line});
      end = at;
      at = skip_blanks(at);
      open = at < text_.size() && text_[at] == ',';
      if (open) {
        end = ++at;
        at = skip_blanks(at);
      } else if (at < text_.size() && !comment(at) && blame_.empty()) {
        blame_ = "found " + show(text_.substr(at))
                 + " after a closing quote, expected a comma or the end of the line";
      }
    }
    if (!out.text.empty())
      out.text += ' ';
    const bool single = quoted && !open && out.items.size() == 1;
    out.text += single ? out.items.front().text : std::string(text_.substr(from, end - from));
    return open;
  }

  const std::string& blame() const { return blame_; }

private:
  bool comment(size_t at) const {
    return comments_ && (text_[at] == '#' || text_[at] == ';') && (at == 0 || blank(text_[at - 1]));
  }

  size_t skip_blanks(size_t at) const {
    while (at < text_.size() && blank(text_[at]))
      ++at;
    return at;
  }

  std::string plain_item(size_t& at) {
    const size_t from = at;
    while (at < text_.size() && text_[at] != ',' && !comment(at))
      ++at;
    const auto item = trim(text_.substr(from, at - from));
    at = from + item.size();
    return std::string(item);
  }

  std::string quoted_item(size_t& at) {
    const size_t from = at++;
    std::string out;
    for (; at < text_.size(); ++at) {
      if (text_[at] == '"') {
        ++at;
        return out;
      }
      if (text_[at] == '\\')
        out += escaped(at);
      else
        out += text_[at];
    }
    if (blame_.empty())
      blame_ = "found " + show(text_.substr(from)) + ", expected a closing quote";
    return out;
  }

  /// The character that is meant by the escape at `at`, which is moved to its last character.
  char escaped(size_t& at) {
    const char c = at + 1 < text_.size() ? text_[at + 1] : '\0';
    const std::string_view letters = "\\\"ntr";
    if (const size_t i = letters.find(c); c != '\0' && i != letters.npos) {
      ++at;
      return "\\\"\n\t\r"[i];
    }
    if (c == 'x' && at + 3 < text_.size()) {
      const int high = hex_digit(text_[at + 2]);
      const int low = hex_digit(text_[at + 3]);
      if (high >= 0 && low >= 0 && high + low > 0) {
        at += 3;
        return static_cast<char>(high * 16 + low);
      }
    }
    if (blame_.empty())
      blame_ = "found " + show(text_.substr(at, 2))
               + " in quotes, expected \\\\, \\\", \\n, \\t, \\r or \\xHH (not \\x00)";
    return '\\';
  }

  std::string_view text_;
  bool comments_;
  std::string blame_;
};

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
    value_scanner scanner(text, true);
    entry_->value.continued |= open_;
    open_ = scanner.scan(entry_->value, line_);
    if (!scanner.blame().empty()) {
      blame("[" + entry_->section + "] " + entry_->key, scanner.blame());
      entry_->value.bad = true;
      open_ = false;
    }
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
    if (line_end || !control(text[i]))
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

result<ini_value> read_ini_value(std::string_view text) {
  ini_value out;
  value_scanner scanner(text, false);
  if (scanner.scan(out, 0))
    return error{ec::bad_setting,
                 "found " + show(text) + ", expected another item after the comma"};
  if (!scanner.blame().empty())
    return error{ec::bad_setting, scanner.blame()};
  return out;
}

std::string quote_ini(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    char code[8];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (control(c) || c == '\t')
      out.append(code, static_cast<size_t>(std::snprintf(code, sizeof code, "\\x%02x",
                                                         static_cast<unsigned char>(c))));
    else
      out += c;
  }
  return out + '"';
}

std::string show(std::string_view text) {
  constexpr size_t longest = 80;
  if (text.empty())
    return "nothing";
  std::string out = "'";
  for (const char c : text.substr(0, longest)) {
    char code[8];
    if (control(c) || c == '\t')
      out.append(code, static_cast<size_t>(std::snprintf(code, sizeof code, "\\x%02x",
                                                         static_cast<unsigned char>(c))));
    else
      out += c;
  }
  return out + (text.size() > longest ? "...'" : "'");
}

} // namespace flowactors
