#include "bench/naive_methods.hpp"

#include <lua.hpp>

#include <cstdio>
#include <string_view>

namespace flowactors::bench {

namespace {

void put(lua_State* L, const char* key, double value) {
  lua_pushstring(L, key);
  lua_pushnumber(L, value);
  lua_settable(L, -3);
}

void put(lua_State* L, const char* key, std::string_view value) {
  lua_pushstring(L, key);
  lua_pushlstring(L, value.data(), value.size());
  lua_settable(L, -3);
}

void put_flag(lua_State* L, const char* key, bool value) {
  lua_pushstring(L, key);
  lua_pushboolean(L, value ? 1 : 0);
  lua_settable(L, -3);
}

void put_gaps(lua_State* L, const char* key, const double* values) {
  lua_newtable(L);
  put(L, "min", values[0]);
  put(L, "max", values[1]);
  put(L, "avg", values[2]);
  lua_pushstring(L, key);
  lua_insert(L, -2);
  lua_settable(L, -3);
}

naive_state& state_of(lua_State* L) {
  naive_state& self = *static_cast<naive_state*>(lua_touserdata(L, lua_upvalueindex(1)));
  lua_getglobal(L, "global_flow"); // read anew by each function, as it was
  self.cursor.flow = static_cast<flow_record*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return self;
}

std::string_view name_at(const std::vector<std::string>& names, size_t index) {
  return index < names.size() ? std::string_view{names[index]} : std::string_view{"Unknown"};
}

void push_label(lua_State* L, const catalog& names, const flow_record& flow) {
  char label[64];
  if (flow.master_protocol != 0 && flow.master_protocol != flow.app_protocol
      && flow.app_protocol != 0)
    std::snprintf(label, sizeof(label), "%s.%s",
                  name_at(names.protocols, flow.master_protocol).data(),
                  name_at(names.protocols, flow.app_protocol).data());
  else
    std::snprintf(
      label, sizeof(label), "%s",
      name_at(names.protocols, flow.app_protocol != 0 ? flow.app_protocol : flow.master_protocol)
        .data());
  lua_pushstring(L, label);
}

int get_proto(lua_State* L) {
  naive_state& self = state_of(L);
  push_label(L, self.names, *self.cursor.flow);
  return 1;
}

int get_proto_id(lua_State* L) {
  const flow_record& flow = *state_of(L).cursor.flow;
  lua_pushnumber(L, flow.app_protocol != 0 ? flow.app_protocol : flow.master_protocol);
  return 1;
}

int get_first_seen(lua_State* L) {
  lua_pushnumber(L, whole_seconds(state_of(L).cursor.flow->first_seen_ns));
  return 1;
}

int get_last_seen(lua_State* L) {
  lua_pushnumber(L, whole_seconds(state_of(L).cursor.flow->last_seen_ns));
  return 1;
}

int get_server_name(lua_State* L) {
  naive_state& self = state_of(L);
  const script_text name = flow_facts::server_name(self.facts, self.cursor);
  lua_pushlstring(L, name.data, name.size);
  return 1;
}

int dump(lua_State* L) {
  naive_state& self = state_of(L);
  const int32_t known = self.facts.fill(self.cursor);
  self.facts.write_macs(*self.cursor.flow);
  const auto has = [&](fact bit) { return (known & mask_of(bit)) != 0; };
  const auto& numbers = self.facts.numbers();
  const auto text = [&](fact_text which) {
    const script_text& found = self.facts.texts()[static_cast<size_t>(which)];
    return std::string_view{found.data, found.size};
  };
  const flow_record& flow = *self.cursor.flow;
  lua_newtable(L);
  bool wanted = true;
#define X(name, key, scope)                                                                 \
  wanted = fact::scope == fact::always || (fact::scope == fact::tcp && flow.protocol == 6); \
  if (wanted)                                                                               \
    put(L, key, numbers[static_cast<size_t>(fact_number::name)]);
  FLOWACTORS_FACT_NUMBERS(X)
#undef X
  put(L, "cli.ip", text(fact_text::client_address));
  put(L, "srv.ip", text(fact_text::server_address));
  put(L, "cli.host", text(fact_text::client_address));
  put(L, "srv.host", text(fact_text::server_address));
  put(L, "cli.mac", text(fact_text::client_mac));
  put(L, "srv.mac", text(fact_text::server_mac));
  put(L, "proto.l4", flow.protocol == 6 ? "TCP" : "UDP");
  lua_pushstring(L, "proto.ndpi");
  push_label(L, self.names, flow);
  lua_settable(L, -3);
  put(L, "proto.ndpi_breed", name_at(self.names.protocol_breeds, flow.app_protocol));
  put(L, "moreinfo.json", "{}");
  put(L, "detection", "detected");
  put(L, "detection.confidence", name_at(self.names.confidences, flow.confidence));
  for (const char* key : {"cli.source_id", "srv.source_id", "cli.pool_id", "srv.pool_id"})
    put(L, key, 0.0);
  for (const char* key : {"dump.disk", "cli.systemhost", "srv.systemhost"})
    put_flag(L, key, false);
  for (const char* key : {"cli.allowed_host", "srv.allowed_host"})
    put_flag(L, key, true);
  put_flag(L, "flow.idle", has(fact::idle));
  put_flag(L, "flow_goodput.low", has(fact::low_goodput));
  if (has(fact::tcp)) {
    put_flag(L, "tcp.seq_problems", has(fact::seq_problems));
    put_flag(L, "tcp_established", has(fact::established));
  }
  put_gaps(L, "interarrival.cli2srv", &numbers[static_cast<size_t>(fact_number::client_gap_min)]);
  put_gaps(L, "interarrival.srv2cli", &numbers[static_cast<size_t>(fact_number::server_gap_min)]);
  if (has(fact::server_name)) {
    put(L, "host_server_name", text(fact_text::server_name));
    put(L, "protos.http.server_name", text(fact_text::server_name));
  }
  if (has(fact::http)) {
    put(L, "protos.http.last_method", text(fact_text::http_method));
    put(L, "protos.http.last_url", text(fact_text::http_url));
    put(L, "protos.http.last_return_code", numbers[static_cast<size_t>(fact_number::http_status)]);
  }
  if (has(fact::http_user_agent))
    put(L, "http.user_agent", text(fact_text::http_user_agent));
  if (has(fact::http_content_type))
    put(L, "http.content_type", text(fact_text::http_content_type));
  if (has(fact::dns)) {
    put(L, "protos.dns.last_query", text(fact_text::dns_query));
    put(L, "dns.query_type", numbers[static_cast<size_t>(fact_number::dns_query_type)]);
    put(L, "dns.reply_code", numbers[static_cast<size_t>(fact_number::dns_reply_code)]);
  }
  if (has(fact::certificate))
    put(L, "protos.ssl.certificate", text(fact_text::certificate));
  if (has(fact::server_certificate))
    put(L, "protos.ssl.server_certificate", text(fact_text::server_certificate));
  if (has(fact::tls)) {
    put(L, "tls.version", numbers[static_cast<size_t>(fact_number::tls_version)]);
    put(L, "tls.cipher", numbers[static_cast<size_t>(fact_number::tls_cipher)]);
  }
  if (has(fact::tls_alpn))
    put(L, "tls.alpn", text(fact_text::tls_alpn));
  if (has(fact::ja3_client))
    put(L, "ja3.client", text(fact_text::ja3_client));
  if (has(fact::ja3_server))
    put(L, "ja3.server", text(fact_text::ja3_server));
  return 1;
}

// Fields that are numbers.
#define FIELD(name, value)                           \
  int name(lua_State* L) {                           \
    const flow_record& f = *state_of(L).cursor.flow; \
    lua_pushnumber(L, static_cast<double>(value));   \
    return 1;                                        \
  }
FIELD(srv_port, f.server_port)
FIELD(cli_port, f.client_port)
FIELD(bytes, f.client.bytes + f.server.bytes)
FIELD(packets, f.client.packets + f.server.packets)
FIELD(duration, static_cast<double>(f.last_seen_ns - f.first_seen_ns) / 1e9)
FIELD(last_seen, static_cast<double>(f.last_seen_ns) / 1e9)
#undef FIELD

int cli_ip(lua_State* L) {
  flow_record& flow = *state_of(L).cursor.flow;
  format_addresses(flow);
  lua_pushlstring(L, flow.client_text, flow.client_text_length);
  return 1;
}

int srv_ip(lua_State* L) {
  flow_record& flow = *state_of(L).cursor.flow;
  format_addresses(flow);
  lua_pushlstring(L, flow.server_text, flow.server_text_length);
  return 1;
}

int server_name(lua_State* L) {
  const flow_text& text = text_of(state_of(L).cursor);
  const std::string_view name = view(text, text.server_name);
  if (name.empty())
    return 0;
  lua_pushlstring(L, name.data(), name.size());
  return 1;
}

// Nobody reads what they say.
int print(lua_State* L) {
  size_t size = 0;
  luaL_checklstring(L, 1, &size);
  return 0;
}

// A record as JSON, text in quotes without escapes.
int emit(lua_State* L) {
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  luaL_addchar(&out, '{');
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    char piece[256];
    const char* quote = lua_type(L, -1) == LUA_TSTRING ? "\"" : "";
    lua_pushvalue(L, -1);
    const int size = std::snprintf(piece, sizeof(piece), "\"%s\":%s%s%s,", lua_tostring(L, -3),
                                   quote, lua_tostring(L, -1), quote);
    lua_pop(L, 2);
    luaL_addlstring(&out, piece, static_cast<size_t>(size));
  }
  luaL_addchar(&out, '}');
  luaL_pushresult(&out);
  return 0;
}

constexpr luaL_Reg methods[] = {{"getNdpiProto", get_proto},
                                {"getNdpiProtoId", get_proto_id},
                                {"getFirstSeen", get_first_seen},
                                {"getLastSeen", get_last_seen},
                                {"getServerName", get_server_name},
                                {"dump", dump},
                                {"srv_port", srv_port},
                                {"cli_port", cli_port},
                                {"bytes", bytes},
                                {"packets", packets},
                                {"duration", duration},
                                {"last_seen", last_seen},
                                {"cli_ip", cli_ip},
                                {"srv_ip", srv_ip},
                                {"server_name", server_name},
                                {"proto", get_proto}};

} // namespace

void open_naive_methods(lua_State* L, naive_state& state) {
  lua_newtable(L); // flow: empty, the methods are behind its metatable
  lua_newtable(L);
  lua_newtable(L);
  for (const luaL_Reg& method : methods) {
    lua_pushlightuserdata(L, &state);
    lua_pushcclosure(L, method.func, 1);
    lua_setfield(L, -2, method.name);
  }
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setglobal(L, "flow");
  lua_register(L, "print", print);
  lua_register(L, "emit", emit);
}

} // namespace flowactors::bench
