#include "bench/naive_vm.hpp"

#include <lua.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace flowactors::bench {

struct naive_vm::state {
  const catalog& names;
  flow_facts facts;
  script_cursor cursor{};
};

namespace {

constexpr char loader[] = R"(
local hooks = {}
local exported = ...
for name, callback in pairs(exported) do
  if hooks[name] == nil then
    hooks[name] = {}
    _G[name] = function(...)
      for _, hook in pairs(hooks[name]) do hook(unpack(arg or {})) end
    end
  end
  hooks[name][#hooks[name] + 1] = callback
end
)";

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

} // namespace

namespace {

template <class State>
State& state_of(lua_State* L) {
  State& self = *static_cast<State*>(lua_touserdata(L, lua_upvalueindex(1)));
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

template <class State>
int get_proto(lua_State* L) {
  State& self = state_of<State>(L);
  push_label(L, self.names, *self.cursor.flow);
  return 1;
}

template <class State>
int get_proto_id(lua_State* L) {
  const flow_record& flow = *state_of<State>(L).cursor.flow;
  lua_pushnumber(L, flow.app_protocol != 0 ? flow.app_protocol : flow.master_protocol);
  return 1;
}

template <class State>
int get_first_seen(lua_State* L) {
  lua_pushnumber(L, whole_seconds(state_of<State>(L).cursor.flow->first_seen_ns));
  return 1;
}

template <class State>
int get_last_seen(lua_State* L) {
  lua_pushnumber(L, whole_seconds(state_of<State>(L).cursor.flow->last_seen_ns));
  return 1;
}

template <class State>
int get_server_name(lua_State* L) {
  State& self = state_of<State>(L);
  const script_text name = flow_facts::server_name(self.facts, self.cursor);
  lua_pushlstring(L, name.data, name.size);
  return 1;
}

template <class State>
int dump(lua_State* L) {
  State& self = state_of<State>(L);
  const int32_t known = self.facts.fill(self.cursor);
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

void fail(lua_State* L, const char* what) {
  std::fprintf(stderr, "naive VM, %s: %s\n", what, lua_tostring(L, -1));
  std::exit(1);
}

} // namespace

naive_vm::naive_vm(const std::string& script, const catalog& names, const char* text_arena)
  : L_(luaL_newstate()), state_(new state{names, flow_facts{&names}}) {
  state_->cursor.text_arena = text_arena;
  luaL_openlibs(L_);
  const luaL_Reg methods[] = {
    {"getNdpiProto", get_proto<state>},        {"getNdpiProtoId", get_proto_id<state>},
    {"getFirstSeen", get_first_seen<state>},   {"getLastSeen", get_last_seen<state>},
    {"getServerName", get_server_name<state>}, {"dump", dump<state>}};
  lua_newtable(L_); // flow: empty, the methods are behind its metatable
  lua_newtable(L_);
  lua_newtable(L_);
  for (const luaL_Reg& method : methods) {
    lua_pushlightuserdata(L_, state_);
    lua_pushcclosure(L_, method.func, 1);
    lua_setfield(L_, -2, method.name);
  }
  lua_setfield(L_, -2, "__index");
  lua_setmetatable(L_, -2);
  lua_setglobal(L_, "flow");
  if (luaL_loadstring(L_, loader) != 0 || luaL_loadstring(L_, script.c_str()) != 0
      || lua_pcall(L_, 0, 1, 0) != 0 || lua_pcall(L_, 1, 0, 0) != 0)
    fail(L_, "loading");
}

naive_vm::~naive_vm() {
  lua_close(L_);
  delete state_;
}

void naive_vm::handle(const char* callback, flow_record& flow) {
  lua_settop(L_, 0);
  lua_pushlightuserdata(L_, &flow);
  lua_setglobal(L_, "global_flow");
  state_->cursor.now_ns = flow.last_seen_ns;
  lua_getglobal(L_, callback);
  if (lua_pcall(L_, 0, 0, 0) != 0)
    fail(L_, callback);
}

} // namespace flowactors::bench
