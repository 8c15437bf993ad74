#include "lua/field_check.hpp"

#include "lua/flow_fields.hpp"
#include "lua/lexer.hpp"
#include "lua/script_folder.hpp"

#include <algorithm>
#include <iterator>

namespace flowactors {

namespace {

const std::vector<std::string_view>& known_fields() {
  static const std::vector<std::string_view> known = [] {
    std::vector<std::string_view> all{"copy", "data"};
    for (const flow_field& field : flow_fields())
      all.emplace_back(field.name);
    return all;
  }();
  return known;
}

const std::vector<std::string_view> known_methods{
  "copy",           "dump",         "getFirstSeen",    "getHTTPContentType",
  "getHTTPUrl",     "getLastSeen",  "getNdpiCategory", "getNdpiProto",
  "getNdpiProtoId", "getServerName"};

bool is_among(std::string_view name, const std::vector<std::string_view>& known) {
  return std::ranges::find(known, name) != known.end();
}

constexpr std::string_view callbacks[] = {"flowCreate", "flowProtocolDetected", "flowUpdate",
                                          "flowDelete"};

using token_list = std::vector<lua_token>;

token_list tokens_of(std::string_view text) {
  token_list out(1); // so that each has one before it
  lua_lexer lexer{text};
  do
    out.push_back(lexer.next());
  while (out.back().kind != lua_token_kind::end && out.back().kind != lua_token_kind::broken);
  out.resize(out.size() + 4); // and some behind it
  return out;
}

struct finding {
  int line;
  std::string what;
};

void note(std::vector<finding>& found, std::string_view file, const lua_token& field,
          const char* kind, const std::vector<std::string_view>& known) {
  std::string text{file};
  text += ":" + std::to_string(field.line) + ": flow has no " + kind + " '"
          + std::string{field.text} + "'";
  const std::string_view meant = nearest(field.text, known);
  if (!meant.empty())
    text += " (did you mean " + std::string{meant} + "?)";
  found.push_back({field.line, std::move(text)});
}

/// True if the function at `at` has a parameter of that name.
bool takes(const token_list& all, size_t at, std::string_view name) {
  for (; at < all.size() && !all[at].is(")"); ++at)
    if (all[at].is(name))
      return true;
  return false;
}

/// What is asked of `name` between two tokens; nothing if the script gives the name to something
/// else there. The global `flow` is a parameter's name everywhere, and still a flow.
std::vector<finding> unknown_of(std::string_view name, std::string_view file, const token_list& all,
                                size_t from, size_t to) {
  std::vector<finding> found;
  for (size_t i = from; i < to; ++i) {
    const lua_token &before = all[i - 1], &dot = all[i + 1], &field = all[i + 2];
    if (name != "flow" && all[i].is("function") && takes(all, i, name))
      return {};
    if (!all[i].is(name) || before.is(".") || before.is(":"))
      continue;
    const bool same = dot.is("=") && field.is(name) && !all[i + 3].is(".") && !all[i + 3].is(":");
    const bool key =
      before.is("{") || (before.is(",") && field.is(name)); // of a table, most likely
    const bool set =
      before.is("local") || before.is("function") || before.is("for") || (dot.is("=") && !key);
    if (set && !same)
      return {};
    if (!(dot.is(".") || dot.is(":")) || field.kind != lua_token_kind::name
        || is_among(field.text, known_fields()))
      continue;
    if (!all[i + 3].is("("))
      note(found, file, field, "field", known_fields());
    else if (!is_among(field.text, known_methods))
      note(found, file, field, "method", known_methods);
  }
  return found;
}

/// The place behind the function whose `function` is at `at`.
size_t end_of_function(const token_list& all, size_t at) {
  int open = 0;
  for (; at < all.size(); ++at) {
    const lua_token& token = all[at];
    if (token.is("function") || token.is("do") || token.is("if") || token.is("repeat"))
      ++open;
    else if ((token.is("end") || token.is("until")) && --open == 0)
      break;
  }
  return std::min(at, all.size() - 4);
}

/// The place of the first parameter if a callback's function begins at `at`, else 0.
size_t parameter_of_callback(const token_list& all, size_t at) {
  if (!all[at].is("function"))
    return 0;
  size_t name = 0, place = 0;
  if (all[at + 2].is(".") && all[at + 4].is("(")) { // function M.flowCreate(
    name = at + 3;
    place = at + 5;
  } else if (all[at + 2].is("(")) { // function flowCreate(
    name = at + 1;
    place = at + 3;
  } else if (all[at + 1].is("(") && at >= 2 && all[at - 1].is("=")) { // flowCreate = function(
    name = at - 2;
    place = at + 2;
  }
  const bool is_callback =
    place != 0 && std::ranges::find(callbacks, all[name].text) != std::end(callbacks);
  return is_callback && all[place].kind == lua_token_kind::name ? place : 0;
}

} // namespace

std::vector<std::string> unknown_fields(std::string_view file, std::string_view text) {
  const token_list all = tokens_of(text);
  const size_t end = all.size() - 4;
  std::vector<finding> found = unknown_of("flow", file, all, 1, end);
  for (size_t at = 1; at + 1 < end; ++at) {
    const size_t place = parameter_of_callback(all, at);
    if (place == 0 || all[place].is("flow"))
      continue;
    auto more = unknown_of(all[place].text, file, all, place + 1, end_of_function(all, at));
    std::ranges::move(more, std::back_inserter(found));
  }
  std::ranges::stable_sort(found, {}, &finding::line);
  std::vector<std::string> out;
  for (finding& each : found)
    out.push_back(std::move(each.what));
  return out;
}

} // namespace flowactors
