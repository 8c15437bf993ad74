#include "config/ini_value.hpp"

#include <algorithm>
#include <cstdio>

namespace flowactors {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\t';
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

} // namespace

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

result<bool> scan_ini_value(std::string_view text, bool comments, size_t line, ini_value& out) {
  value_scanner scanner(text, comments);
  const bool open = scanner.scan(out, line);
  if (scanner.blame().empty())
    return open;
  out.bad = true;
  return error{ec::bad_setting, scanner.blame()};
}

result<ini_value> read_ini_value(std::string_view text) {
  ini_value out;
  const auto open = scan_ini_value(text, false, 0, out);
  if (!open)
    return open.failure();
  if (open.value())
    return error{ec::bad_setting,
                 "found " + show(text) + ", expected another item after the comma"};
  return out;
}

std::string quote_ini(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    char code[8];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (is_control(c) || c == '\t')
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
    if (is_control(c) || c == '\t')
      out.append(code, static_cast<size_t>(std::snprintf(code, sizeof code, "\\x%02x",
                                                         static_cast<unsigned char>(c))));
    else
      out += c;
  }
  return out + (text.size() > longest ? "...'" : "'");
}

} // namespace flowactors
