#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowactors {

enum class lua_token_kind : uint8_t {
  name,   ///< identifiers and keywords
  number, ///< as written, suffixes included
  text,   ///< a string literal with its delimiters
  symbol, ///< operators and punctuation
  broken, ///< what no token begins with, or an unfinished string or comment; nothing follows
  end,
};

/// A token of Lua source text, a view into it.
struct lua_token {
  lua_token_kind kind = lua_token_kind::end;
  std::string_view text;
  size_t offset = 0; ///< of its first byte
  int line = 1;      ///< of its first byte

  bool is(std::string_view word) const noexcept {
    return (kind == lua_token_kind::name || kind == lua_token_kind::symbol) && text == word;
  }
};

/// Splits source text into tokens exactly as LuaJIT does (5.1 with its additions: goto and labels,
/// \z and \x, number suffixes, names of bytes above 127). Comments, a byte order mark and a first
/// line that begins with # are skipped. The text must outlive it.
class lua_lexer {
public:
  explicit lua_lexer(std::string_view text) noexcept;

  lua_token next() noexcept;

  /// Where the program begins, behind a byte order mark and a first line with #.
  size_t begin() const noexcept { return begin_; }

private:
  bool skip_blanks() noexcept;
  lua_token take(lua_token_kind kind, size_t size) noexcept;
  size_t long_bracket(size_t at) const noexcept;
  size_t quoted(size_t at) const noexcept;
  size_t numeral(size_t at) const noexcept;

  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  int line_ = 1;
};

} // namespace flowactors
