#include "lua/instrumenter.hpp"

#include "lua/lexer.hpp"

#include <algorithm>
#include <array>
#include <vector>

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

/// The name under which Lua's messages show a chunk.
std::string shown(std::string_view chunk) {
  if (chunk.starts_with('@') || chunk.starts_with('='))
    return std::string{chunk.substr(1)};
  return "[string \"" + std::string{chunk.substr(0, std::min(chunk.find('\n'), size_t{40}))}
         + "\"]";
}

class instrumenter {
public:
  instrumenter(std::string_view text, std::string_view chunk)
    : text_(text), chunk_(chunk), lexer_(text), copied_(lexer_.begin()) {}

  result<std::string> run();

private:
  // What is open. The head of a loop waits for its `do`; it may hold functions with blocks of their
  // own.
  enum class block : uint8_t { head, plain, repeat };

  void take(const lua_token& token);
  void take_word(const lua_token& token);
  void take_do(size_t end);
  void take_goto(const lua_token& token);
  void close(const lua_token& token, block expected);
  void insert(size_t offset);
  void refuse(const lua_token& token, std::string_view why);

  std::string_view text_;
  std::string_view chunk_;
  lua_lexer lexer_;
  size_t copied_;       // bytes of the text that are in `out_`
  lua_token before_;    // the token before the one that is taken
  lua_token ahead_;     // the one after it
  bool header_ = false; // between `function` and the end of its parameters
  std::vector<block> open_;
  std::string out_;
  std::string fault_;
};

result<std::string> instrumenter::run() {
  out_.reserve(text_.size() * 2 + prologue.size() + epilogue.size());
  out_.append(prologue).append(check); // a chunk may call itself
  for (lua_token token = lexer_.next(); token.kind != lua_token_kind::end && fault_.empty();
       token = ahead_) {
    ahead_ = lexer_.next();
    take(token);
    before_ = token;
  }
  if (!open_.empty() && fault_.empty())
    refuse(ahead_, "a block has no end");
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
    if (ahead_.is("end"))
      return; // what does nothing can't go on for long; a loop around its calls is counted
    return insert(end);
  }
  if (token.kind != lua_token_kind::name)
    return;
  if (token.text.starts_with(reserved))
    return refuse(token, "names that begin with __fa_ are reserved");
  if (!before_.is(".") && !before_.is(":")) // a field: of the keywords, only goto may be one
    take_word(token);
}

void instrumenter::take_word(const lua_token& token) {
  const size_t end = token.offset + token.text.size();
  if (token.is("while") || token.is("for")) {
    open_.push_back(block::head);
  } else if (token.is("if")) {
    open_.push_back(block::plain);
  } else if (token.is("function")) {
    open_.push_back(block::plain);
    header_ = true;
  } else if (token.is("repeat")) {
    open_.push_back(block::repeat);
    insert(end);
  } else if (token.is("do")) {
    take_do(end);
  } else if (token.is("end")) {
    close(token, block::plain);
  } else if (token.is("until")) {
    close(token, block::repeat);
  } else if (token.is("goto")) {
    take_goto(token);
  }
}

void instrumenter::take_do(size_t end) {
  if (open_.empty() || open_.back() != block::head) {
    open_.push_back(block::plain);
    return;
  }
  open_.back() = block::plain;
  insert(end);
}

void instrumenter::take_goto(const lua_token& token) {
  if (!ends_statement(before_) || ahead_.kind != lua_token_kind::name)
    return refuse(token, "as a name it is not supported");
  insert(token.offset); // behind the label a `goto` would not find it at its block's end
}

// Text that closes more than it opened would step out of the factory.
void instrumenter::close(const lua_token& token, block expected) {
  if (open_.empty() || open_.back() != expected)
    return refuse(token, "closes a block that is not open");
  open_.pop_back();
}

void instrumenter::insert(size_t offset) {
  out_.append(text_.substr(copied_, offset - copied_)).append(check);
  copied_ = offset;
}

void instrumenter::refuse(const lua_token& token, std::string_view why) {
  fault_ = shown(chunk_) + ":" + std::to_string(token.line) + ": '"
           + std::string{token.text.substr(0, 40)} + "': " + std::string{why};
}

} // namespace

result<std::string> instrument(std::string_view text, std::string_view chunk) {
  return instrumenter{text, chunk}.run();
}

std::string explain_refusal(std::string_view message) {
  std::string told{message};
  if (message.find("upvalues") != std::string_view::npos)
    told += " (the limits take two of 60 upvalues, 58 remain)";
  else
    told += " (with the limits' checks in it; make the function smaller or nest it less)";
  return told;
}

} // namespace flowactors
