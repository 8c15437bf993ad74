#include "lua/instrumenter.hpp"

#include "lua/lexer.hpp"

#include <algorithm>
#include <array>

namespace flowactors {

namespace {

constexpr std::string_view prologue = "local __fa_n,__fa_s=... return function(...) ";
constexpr std::string_view epilogue = "\n end";
constexpr std::string_view check = " __fa_n=__fa_n-1 if __fa_n<0 then __fa_n=__fa_s() end ";
constexpr std::string_view reserved = "__fa_";

// Keywords after which an expression or a name has to follow, never a statement.
constexpr std::array<std::string_view, 12> before_names{
  "and", "or", "not", "return", "in", "if", "elseif", "while", "until", "local", "function", "for"};

/// True if a statement can begin behind this token.
bool ends_statement(const lua_token& token) noexcept {
  switch (token.kind) {
    case lua_token_kind::name:
      return std::ranges::find(before_names, token.text) == before_names.end();
    case lua_token_kind::symbol:
      return token.is(")") || token.is("]") || token.is("}") || token.is(";") || token.is("::")
             || token.is("...");
    default:
      return true;
  }
}

class instrumenter {
public:
  instrumenter(std::string_view text, std::string_view chunk)
    : text_(text), chunk_(chunk), lexer_(text), copied_(lexer_.begin()) {}

  result<std::string> run();

private:
  void take(const lua_token& token);
  void insert(size_t offset);
  void refuse(const lua_token& token, std::string_view why);

  std::string_view text_;
  std::string_view chunk_;
  lua_lexer lexer_;
  size_t copied_;       // bytes of the text that are in `out_`
  lua_token before_;    // the token before the one that is taken
  lua_token ahead_;     // the one after it
  bool header_ = false; // between `function` and the end of its parameters
  std::string out_;
  std::string fault_;
};

result<std::string> instrumenter::run() {
  out_.reserve(text_.size() * 2 + prologue.size() + epilogue.size());
  out_ = prologue;
  for (lua_token token = lexer_.next(); token.kind != lua_token_kind::end && fault_.empty();
       token = ahead_) {
    ahead_ = lexer_.next();
    take(token);
    before_ = token;
  }
  if (!fault_.empty())
    return error{ec::bad_script, std::move(fault_)};
  out_.append(text_.substr(copied_)).append(epilogue);
  return std::move(out_);
}

void instrumenter::take(const lua_token& token) {
  const size_t end = token.offset + token.text.size();
  if (token.kind == lua_token_kind::broken)
    return refuse(token, "not understood");
  if (header_ && token.is(")")) {
    header_ = false;
    return insert(end);
  }
  if (token.kind != lua_token_kind::name)
    return;
  if (token.text.starts_with(reserved))
    return refuse(token, "names that begin with __fa_ are reserved");
  if (before_.is(".") || before_.is(":")) // a field: of the keywords, only goto may be one
    return;
  if (token.is("do") || token.is("repeat"))
    return insert(end);
  if (token.is("function"))
    header_ = true;
  else if (token.is("goto")) {
    if (!ends_statement(before_) || ahead_.kind != lua_token_kind::name)
      return refuse(token, "as a name it is not supported");
    insert(token.offset); // behind the label a `goto` would not find it at its block's end
  }
}

void instrumenter::insert(size_t offset) {
  out_.append(text_.substr(copied_, offset - copied_)).append(check);
  copied_ = offset;
}

void instrumenter::refuse(const lua_token& token, std::string_view why) {
  fault_ = std::string{chunk_} + ":" + std::to_string(token.line) + ": '"
           + std::string{token.text.substr(0, 40)} + "': " + std::string{why};
}

} // namespace

result<std::string> instrument(std::string_view text, std::string_view chunk) {
  return instrumenter{text, chunk}.run();
}

} // namespace flowactors
