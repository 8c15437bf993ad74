#include "lua/lexer.hpp"

#include <algorithm>

namespace flowactors {

namespace {

constexpr size_t none = std::string_view::npos;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_of_name(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
         || static_cast<unsigned char>(c) >= 128;
}

constexpr std::string_view symbols[] = {"...", "..", "==", "~=", "<=", ">=", "::", "+", "-",
                                        "*",   "/",  "%",  "^",  "#",  "<",  ">",  "=", "(",
                                        ")",   "{",  "}",  "[",  "]",  ";",  ":",  ",", "."};

} // namespace

lua_lexer::lua_lexer(std::string_view text) noexcept : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf"))
    at_ = 3;
  if (at_ < text_.size() && text_[at_] == '#')
    at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
  begin_ = at_;
}

lua_token lua_lexer::next() noexcept {
  if (!skip_blanks())
    return take(lua_token_kind::broken, text_.size() - at_);
  if (at_ == text_.size())
    return take(lua_token_kind::end, 0);
  const char c = text_[at_];
  const char after = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (is_digit(c) || (c == '.' && is_digit(after)))
    return take(lua_token_kind::number, numeral(at_));
  if (is_of_name(c)) {
    const auto* end =
      std::find_if_not(text_.begin() + static_cast<ptrdiff_t>(at_), text_.end(), is_of_name);
    return take(lua_token_kind::name, static_cast<size_t>(end - text_.begin()) - at_);
  }
  if (c == '"' || c == '\'' || (c == '[' && (after == '[' || after == '='))) {
    const size_t size = c == '[' ? long_bracket(at_) : quoted(at_);
    if (size == none)
      return take(lua_token_kind::broken, text_.size() - at_);
    if (size != 0)
      return take(lua_token_kind::text, size);
  }
  for (const std::string_view symbol : symbols)
    if (text_.substr(at_).starts_with(symbol))
      return take(lua_token_kind::symbol, symbol.size());
  return take(lua_token_kind::broken, text_.size() - at_);
}

lua_token lua_lexer::take(lua_token_kind kind, size_t size) noexcept {
  const lua_token token{kind, text_.substr(at_, size), at_, line_};
  line_ += static_cast<int>(std::ranges::count(token.text, '\n'));
  at_ += size;
  return token;
}

// Blanks and comments; false in an unfinished comment.
bool lua_lexer::skip_blanks() noexcept {
  while (at_ < text_.size()) {
    if (is_blank(text_[at_])) {
      take(lua_token_kind::end, 1);
    } else if (text_.substr(at_).starts_with("--")) {
      size_t size = at_ + 2 < text_.size() && text_[at_ + 2] == '[' ? long_bracket(at_ + 2) : 0;
      if (size == none)
        return false;
      size = size != 0 ? size + 2 : std::min(text_.find_first_of("\r\n", at_), text_.size()) - at_;
      take(lua_token_kind::end, size);
    } else {
      break;
    }
  }
  return true;
}

// Bytes of the long bracket that begins there, 0 if none does, npos if it has no end.
size_t lua_lexer::long_bracket(size_t at) const noexcept {
  size_t level = 0;
  while (at + 1 + level < text_.size() && text_[at + 1 + level] == '=')
    ++level;
  if (at + 1 + level >= text_.size() || text_[at + 1 + level] != '[')
    return 0;
  for (size_t i = at + 2 + level; i < text_.size(); ++i) {
    if (text_[i] != ']')
      continue;
    size_t found = 0;
    while (i + 1 + found < text_.size() && found < level && text_[i + 1 + found] == '=')
      ++found;
    if (found == level && i + 1 + found < text_.size() && text_[i + 1 + found] == ']')
      return i + 2 + found - at;
  }
  return none;
}

// Bytes of the quoted string that begins there; npos if it has no end on its line.
size_t lua_lexer::quoted(size_t at) const noexcept {
  for (size_t i = at + 1; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == text_[at])
      return i + 1 - at;
    if (c == '\n' || c == '\r')
      return none;
    if (c != '\\')
      continue;
    ++i;
    if (i < text_.size() && text_[i] == 'z') {
      while (i + 1 < text_.size() && is_blank(text_[i + 1]))
        ++i;
    } else if (i + 1 < text_.size() && text_[i] != text_[i + 1]
               && (text_[i] == '\r' || text_[i] == '\n')
               && (text_[i + 1] == '\r' || text_[i + 1] == '\n')) {
      ++i; // a line's end of two bytes
    }
  }
  return none;
}

// As LuaJIT: everything that looks like a name or a point, and a sign behind an exponent's letter.
size_t lua_lexer::numeral(size_t at) const noexcept {
  const bool hexadecimal =
    at + 1 < text_.size() && text_[at] == '0' && (text_[at + 1] | 0x20) == 'x';
  const char exponent = hexadecimal ? 'p' : 'e';
  size_t i = at;
  char last = text_[i];
  while (i < text_.size()
         && (is_of_name(text_[i]) || text_[i] == '.'
             || ((text_[i] == '-' || text_[i] == '+') && (last | 0x20) == exponent)))
    last = text_[i++];
  return i - at;
}

} // namespace flowactors
