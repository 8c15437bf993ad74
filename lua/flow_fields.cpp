#include "lua/flow_fields.hpp"

#include "lua/flow_finders.hpp"
#include "lua/lua_fields.hpp"

#include <array>
#include <string_view>

namespace flowactors {

namespace {

constexpr std::array fields{
#define X(name, kind, read, known, unit, when, meaning) \
  flow_field{#name, #kind, #read, #known, unit, when, meaning},
  FLOWACTORS_FLOW_FIELDS(X)
#undef X
};

// Twins in C, for systems without a JIT. Upvalue 1 of each is the flow_access, 2 the lists of
// names.

flow_access& access_of(lua_State* L) {
  return *static_cast<flow_access*>(lua_touserdata(L, lua_upvalueindex(1)));
}

void push_name(lua_State* L, const char* list, int number) {
  lua_getfield(L, lua_upvalueindex(2), list);
  lua_pushinteger(L, number);
  lua_gettable(L, -2);
}

void push_piece(lua_State* L, const flow_text& text, const flow_text_span& span) {
  if (span.length == 0)
    lua_pushnil(L);
  else
    lua_pushlstring(L, reinterpret_cast<const char*>(&text) + span.offset, span.length);
}

void push_found(lua_State* L, int32_t (*find)(flow_access*, script_cursor*) noexcept) {
  flow_access& access = access_of(L);
  if (find(&access, &access.cursor) == 2)
    lua_pushlstring(L, access.found.data, access.found.size);
  else
    lua_pushnil(L);
}

void push_risks(lua_State* L, uint64_t risk) {
  lua_newtable(L);
  int count = 0;
  for (int bit = 0; bit < 64; ++bit) {
    if ((risk >> bit & 1) == 0)
      continue;
    push_name(L, "risks", bit);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushfstring(L, "%d", bit);
    }
    lua_rawseti(L, -3, ++count);
    lua_pop(L, 1);
  }
}

#define PUSH_number(value) lua_pushnumber(L, static_cast<double>(value))
#define PUSH_seconds(ns) lua_pushnumber(L, static_cast<double>(ns) / 1e9)
#define PUSH_milliseconds(us) lua_pushnumber(L, static_cast<double>(us) / 1e3)
#define PUSH_boolean(value) lua_pushboolean(L, (value) != 0 ? 1 : 0)
#define PUSH_text(member) \
  push_piece(L, text_of(access_of(L).cursor), text_of(access_of(L).cursor).member)
#define PUSH_found(find) push_found(L, find)
#define PUSH_address(side) \
  (format_addresses(f), lua_pushlstring(L, f.side##_text, f.side##_text_length))
#define PUSH_label(flow) push_name(L, "labels", int{f.master_protocol} * 32768 + f.app_protocol)
#define PUSH_risks(bits) push_risks(L, bits)
#define PUSH_protocols(number) push_name(L, "labels", number)
#define PUSH_protocol_breeds(number) push_name(L, "protocol_breeds", number)
#define PUSH_categories(number) push_name(L, "categories", number)
#define PUSH_confidences(number) push_name(L, "confidences", number)
#define PUSH_transports(number) push_name(L, "transports", number)
#define PUSH_ends(number) push_name(L, "ends", number)
#define PUSH_tunnels(number) push_name(L, "tunnels", number)
#define PUSH_tcp_states(number) push_name(L, "tcp_states", number)

constexpr std::array<lua_CFunction, fields.size()> twins{
#define X(name, kind, read, known, unit, when, meaning)          \
  [](lua_State* L) {                                             \
    [[maybe_unused]] flow_record& f = *access_of(L).cursor.flow; \
    if (known)                                                   \
      PUSH_##kind(read);                                         \
    else                                                         \
      lua_pushnil(L);                                            \
    return 1;                                                    \
  },
  FLOWACTORS_FLOW_FIELDS(X)
#undef X
};

int is_live(lua_State* L) {
  lua_pushinteger(L, access_of(L).cursor.live);
  return 1;
}

// What tells one event from another.
int get_turn(lua_State* L) {
  const script_cursor& cursor = access_of(L).cursor;
  lua_pushnumber(L, cursor.turn + cursor.place);
  return 1;
}

// The place of the current flow, by which its data is kept.
int get_place(lua_State* L) {
  const flow_record& f = *access_of(L).cursor.flow;
  lua_pushnumber(L, f.slot);
  lua_pushnumber(L, static_cast<double>(f.id));
  lua_pushnumber(L, static_cast<double>(f.first_seen_ns));
  return 3;
}

// Takes the lists of names; gives the twins by name, `live`, `place` and `turn`.
int native_fields(lua_State* L) {
  lua_settop(L, 1);
  const auto closure = [L](lua_CFunction function) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, function, 2);
  };
  lua_newtable(L);
  for (size_t i = 0; i < fields.size(); ++i) {
    closure(twins[i]);
    lua_setfield(L, -2, fields[i].name);
  }
  closure(is_live);
  closure(get_place);
  closure(get_turn);
  return 4;
}

void set_text(lua_State* L, const char* key, const char* text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

void push_states(lua_State* L) {
  static constexpr const char* names[] = {"none",    "syn_sent", "syn_received", "established",
                                          "closing", "closed",   "reset",        "midstream"};
  lua_newtable(L);
  for (size_t i = 0; i < std::size(names); ++i) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, "tcp_states");
}

} // namespace

std::span<const flow_field> flow_fields() noexcept {
  return fields;
}

const char* type_of(const flow_field& field) noexcept {
  const std::string_view kind = field.kind;
  if (kind == "number" || kind == "seconds" || kind == "milliseconds")
    return "number";
  if (kind == "boolean")
    return "boolean";
  return kind == "risks" ? "string[]" : "string";
}

void push_flow_fields(lua_State* L, flow_access& access) {
  lua_createtable(L, static_cast<int>(fields.size()), 0);
  int n = 0;
  for (const flow_field& field : fields) {
    lua_createtable(L, 0, 4);
    set_text(L, "name", field.name);
    set_text(L, "kind", field.kind);
    set_text(L, "read", field.read);
    set_text(L, "known", field.known);
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, -2, "fields");
  push_states(L);
  lua_pushlightuserdata(L, &access);
  lua_pushcclosure(L, native_fields, 1);
  lua_setfield(L, -2, "native_fields");
  lua_newtable(L);
#define X(name) set_field(L, #name, reinterpret_cast<void*>(name));
  FLOWACTORS_FLOW_FINDERS(X)
#undef X
  lua_setfield(L, -2, "finders");
  set_field(L, "write_addresses", reinterpret_cast<void*>(write_addresses));
}

} // namespace flowactors
