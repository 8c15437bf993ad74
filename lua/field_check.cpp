#include "lua/field_check.hpp"

#include "lua/flow_fields.hpp"
#include "lua/lexer.hpp"
#include "lua/script_folder.hpp"

#include <algorithm>

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

std::string fault(std::string_view file, const lua_token& field, const char* kind,
                  const std::vector<std::string_view>& known) {
  std::string text{file};
  text += ":" + std::to_string(field.line) + ": flow has no " + kind + " '"
          + std::string{field.text} + "'";
  const std::string_view meant = nearest(field.text, known);
  if (!meant.empty())
    text += " (did you mean " + std::string{meant} + "?)";
  return text;
}

} // namespace

std::vector<std::string> unknown_fields(std::string_view file, std::string_view text) {
  std::vector<std::string> found;
  lua_lexer lexer{text};
  lua_token window[5]; // the last tokens, the newest at the end
  do {
    std::shift_left(std::begin(window), std::end(window), 1);
    window[4] = lexer.next();
    const auto& [before, object, dot, field, after] = window;
    const bool own = object.is("flow") && !before.is(".") && !before.is(":");
    if (own && (before.is("local") || dot.is("=")) && !field.is("flow"))
      return {};
    if (!own || !(dot.is(".") || dot.is(":")) || field.kind != lua_token_kind::name
        || is_among(field.text, known_fields()))
      continue;
    if (!after.is("("))
      found.push_back(fault(file, field, "field", known_fields()));
    else if (!is_among(field.text, known_methods))
      found.push_back(fault(file, field, "method", known_methods));
  } while (window[4].kind != lua_token_kind::end && window[4].kind != lua_token_kind::broken);
  return found;
}

} // namespace flowactors
