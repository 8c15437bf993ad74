#include "lua/native_methods.hpp"

#include "lua/flow_methods.hpp"
#include "lua/lua_fields.hpp"

namespace flowactors {

namespace {

// Upvalue 1 of each method is the flow_access, 2... are the lists.

enum list : int {
  short_labels = 1,
  long_labels,
  categories,
  breeds,
  transports,
  detections,
  confidences,
  ends,
  tunnels,
  own_categories,
  list_count
};

flow_access& access_of(lua_State* L) {
  return *static_cast<flow_access*>(lua_touserdata(L, lua_upvalueindex(1)));
}

void push_name(lua_State* L, list which, int32_t number) {
  lua_rawgeti(L, lua_upvalueindex(1 + which), number);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1); // the list's metatable knows what to call it
  lua_pushinteger(L, number);
  lua_gettable(L, lua_upvalueindex(1 + which));
}

int get_category(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  const flow_record& flow = *access.cursor.flow;
  lua_rawgeti(L, lua_upvalueindex(1 + own_categories), flow.app_protocol);
  if (lua_isnil(L, -1))
    push_name(L, categories, flow.category);
  return 1;
}

int get_proto(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  push_name(
    L, short_labels,
    int32_t{access.cursor.flow->master_protocol} * 32768 + access.cursor.flow->app_protocol);
  return 1;
}

int get_proto_id(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  const flow_record& flow = *access.cursor.flow;
  lua_pushinteger(L, flow.app_protocol != 0 ? flow.app_protocol : flow.master_protocol);
  return 1;
}

int get_first_seen(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  lua_pushnumber(L, whole_seconds(access.cursor.flow->first_seen_ns));
  return 1;
}

int get_last_seen(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  lua_pushnumber(L, whole_seconds(access.cursor.flow->last_seen_ns));
  return 1;
}

template <int32_t (*Find)(flow_access*, script_cursor*) noexcept>
int get_text(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  const int32_t state = Find(&access, &access.cursor);
  if (state == 0)
    lua_pushlstring(L, "", 0);
  else if (state == 1)
    lua_pushnil(L);
  else
    lua_pushlstring(L, access.found.data, access.found.size);
  return 1;
}

void set_name(lua_State* L, const char* key, list which, int32_t number) {
  push_name(L, which, number);
  lua_setfield(L, -2, key);
}

void set_gaps(lua_State* L, const char* key, double min, double max, double avg) {
  lua_createtable(L, 0, 3);
  set_field(L, "min", min);
  set_field(L, "max", max);
  set_field(L, "avg", avg);
  lua_setfield(L, -2, key);
}

void set_constants(lua_State* L) {
  for (const char* key : {"cli.source_id", "srv.source_id", "cli.pool_id", "srv.pool_id"})
    set_field(L, key, 0.0);
  for (const char* key : {"dump.disk", "cli.systemhost", "srv.systemhost"})
    set_field(L, key, false);
  for (const char* key : {"cli.allowed_host", "srv.allowed_host"})
    set_field(L, key, true);
  lua_pushlstring(L, "{}", 2);
  lua_setfield(L, -2, "moreinfo.json");
}

void set_names(lua_State* L, const flow_facts& facts, int32_t known) {
  const auto index = [&](fact_index which) { return facts.indexes()[static_cast<size_t>(which)]; };
  set_name(L, "proto.l4", transports, index(fact_index::protocol));
  set_name(L, "proto.ndpi", long_labels, index(fact_index::labels));
  set_name(L, "proto.ndpi_breed", breeds, index(fact_index::app));
  set_name(L, "detection", detections, index(fact_index::detection));
  set_name(L, "detection.confidence", confidences, index(fact_index::confidence));
  if ((known & mask_of(fact::tunnel)) != 0)
    set_name(L, "tunnel", tunnels, index(fact_index::tunnel));
  if ((known & mask_of(fact::ended)) != 0)
    set_name(L, "end.reason", ends, index(fact_index::end));
}

int dump(lua_State* L) {
  flow_access& access = access_of(L);
  if (access.cursor.live == 0)
    return 0;
  const int32_t known = access.facts.fill(access.cursor);
  access.facts.write_macs(*access.cursor.flow);
  const flow_facts& facts = access.facts;
  const auto number = [&](fact_number which) {
    return facts.numbers()[static_cast<size_t>(which)];
  };
  const auto text = [&](fact_text which) { return facts.texts()[static_cast<size_t>(which)]; };
  const auto has = [&](fact bit) { return (known & mask_of(bit)) != 0; };
  const auto set_text = [&](const char* key, script_text value) {
    lua_pushlstring(L, value.data, value.size);
    lua_setfield(L, -2, key);
  };
  lua_createtable(L, 0, 112);
  for (const fact_key& key : fact_keys) {
    if (!has(key.when))
      continue;
    if (key.is_text)
      set_text(key.name, text(static_cast<fact_text>(key.index)));
    else
      set_field(L, key.name, number(static_cast<fact_number>(key.index)));
  }
  set_text("cli.host", text(fact_text::client_address));
  set_text("srv.host", text(fact_text::server_address));
  if (has(fact::server_name))
    set_text("protos.http.server_name", text(fact_text::server_name));
  set_constants(L);
  set_names(L, facts, known);
  set_field(L, "flow.idle", has(fact::idle));
  set_field(L, "flow_goodput.low", has(fact::low_goodput));
  if (has(fact::tcp)) {
    set_field(L, "tcp.seq_problems", has(fact::seq_problems));
    set_field(L, "tcp_established", has(fact::established));
  }
  set_gaps(L, "interarrival.cli2srv", number(fact_number::client_gap_min),
           number(fact_number::client_gap_max), number(fact_number::client_gap_avg));
  set_gaps(L, "interarrival.srv2cli", number(fact_number::server_gap_min),
           number(fact_number::server_gap_max), number(fact_number::server_gap_avg));
  if (has(fact::icmp)) {
    lua_createtable(L, 0, 2);
    set_field(L, "type", number(fact_number::icmp_type));
    set_field(L, "code", number(fact_number::icmp_code));
    lua_setfield(L, -2, "icmp");
  }
  return 1;
}

} // namespace

// Takes the lists; gives the table of methods.
int native_methods(lua_State* L) {
  lua_settop(L, list_count - 1);
  lua_newtable(L);
  const auto method = [&](const char* name, lua_CFunction function) {
    lua_pushvalue(L, lua_upvalueindex(1));
    for (int which = 1; which < list_count; ++which)
      lua_pushvalue(L, which);
    lua_pushcclosure(L, function, list_count);
    lua_setfield(L, list_count, name);
  };
  method("getNdpiCategory", get_category);
  method("getNdpiProto", get_proto);
  method("getNdpiProtoId", get_proto_id);
  method("getFirstSeen", get_first_seen);
  method("getLastSeen", get_last_seen);
  method("getServerName", get_text<find_server_name>);
  method("getHTTPUrl", get_text<find_url>);
  method("getHTTPContentType", get_text<find_content_type>);
  method("dump", dump);
  return 1;
}

} // namespace flowactors
