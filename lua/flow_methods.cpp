#include "lua/flow_methods.hpp"

#include "lua/flow_data.hpp"
#include "lua/flow_fields.hpp"
#include "lua/lua_fields.hpp"
#include "lua/native_methods.hpp"
#include "lua/script_event.hpp"

#include <string_view>

namespace flowactors {

namespace {

// Called through FFI.
int32_t fill(flow_access* access, script_cursor* cursor) noexcept {
  return access->facts.fill(*cursor);
}

// Writes a hardware address, given as the number that stands for it in flow_facts.
void write_mac_of(flow_access* access, double number) noexcept {
  const auto bits = static_cast<uint64_t>(number);
  uint8_t mac[6];
  for (size_t i = 0; i < sizeof(mac); ++i)
    mac[i] = static_cast<uint8_t>(bits >> (40 - 8 * i));
  write_mac(mac, access->made.data());
  access->found = {access->made.data(), 17};
}

int32_t found_or_not(flow_access* access, script_text text) noexcept {
  access->found = text;
  return text.data != nullptr && text.size != 0 ? 2 : 1;
}

template <class Function>
void* address_of(Function* function) {
  return reinterpret_cast<void*>(function);
}

void push_layout(lua_State* L) {
  lua_pushstring(L, flow_layout_text);
  lua_pushstring(L, script_layout_text);
  lua_pushstring(L, script_event_text);
  lua_concat(L, 3);
  lua_setfield(L, -2, "layout");
  lua_newtable(L);
  set_field(L, "flow_record", sizeof(flow_record));
  set_field(L, "flow_text", sizeof(flow_text));
  set_field(L, "flow_counters", sizeof(flow_counters));
  set_field(L, "flow_tcp", sizeof(flow_tcp));
  set_field(L, "script_cursor", sizeof(script_cursor));
  set_field(L, "script_text", sizeof(script_text));
  set_field(L, "script_event", sizeof(script_event));
  lua_setfield(L, -2, "sizes");
  lua_newtable(L);
  int n = 0;
  const auto member = [&](const char* type, const char* name, size_t offset) {
    lua_newtable(L);
    lua_pushstring(L, type);
    lua_setfield(L, -2, "type");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    set_field(L, "offset", static_cast<lua_Number>(offset));
    lua_rawseti(L, -2, ++n);
  };
#define MEMBER(type, name) member(#type, #name, offsetof(type, name))
  MEMBER(flow_record, client_port);
  MEMBER(flow_record, first_seen_ns);
  MEMBER(flow_record, server);
  MEMBER(flow_record, master_protocol);
  MEMBER(flow_record, risk);
  MEMBER(flow_record, server_tcp);
  MEMBER(flow_record, text);
  MEMBER(flow_record, syn_ns);
  MEMBER(flow_record, http_status);
  MEMBER(flow_record, server_gaps);
  MEMBER(flow_record, client_network);
  MEMBER(flow_record, server_tick);
  MEMBER(flow_record, bytes_trend);
  MEMBER(flow_record, server_text);
  MEMBER(flow_text, server_name);
  MEMBER(flow_text, bittorrent_hash);
  MEMBER(flow_text, number);
  MEMBER(script_cursor, turn);
  MEMBER(script_cursor, live);
  MEMBER(script_cursor, place);
  MEMBER(script_cursor, script);
  MEMBER(script_event, now_ns);
  MEMBER(script_event, kind);
#undef MEMBER
  lua_setfield(L, -2, "offsets");
}

void push_keys(lua_State* L) {
  lua_newtable(L);
  int n = 0;
  for (const fact_key& entry : fact_keys) {
    lua_newtable(L);
    lua_pushstring(L, entry.id);
    lua_setfield(L, -2, "id");
    lua_pushstring(L, entry.name);
    lua_setfield(L, -2, "key");
    lua_pushstring(L, entry.is_text ? "text" : "number");
    lua_setfield(L, -2, "kind");
    set_field(L, "index", entry.index);
    lua_pushstring(L, entry.when == fact::always ? "always"
                      : entry.when == fact::tcp  ? "tcp"
                                                 : "on_condition");
    lua_setfield(L, -2, "scope");
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, -2, "keys");
  lua_newtable(L);
#define X(name) set_field(L, #name, static_cast<lua_Number>(fact_number::name));
  FLOWACTORS_FACT_PARTS(X)
#undef X
  lua_setfield(L, -2, "part");
  set_field(L, "client_address", static_cast<lua_Number>(fact_text::client_address));
  set_field(L, "server_address", static_cast<lua_Number>(fact_text::server_address));
}

constexpr fact text_facts[] = {fact::server_name,
                               fact::bittorrent_hash,
                               fact::http,
                               fact::http_user_agent,
                               fact::http_content_type,
                               fact::dns,
                               fact::ssh,
                               fact::hassh_client,
                               fact::hassh_server,
                               fact::certificate,
                               fact::server_certificate,
                               fact::tls,
                               fact::tls_alpn,
                               fact::ja3_client,
                               fact::ja3_server};
constexpr fact rare_facts[] = {fact::icmp, fact::tunnel, fact::ended, fact::idle,
                               fact::seq_problems};

template <size_t N>
constexpr int32_t all_of(const fact (&bits)[N]) {
  int32_t mask = 0;
  for (const fact bit : bits)
    mask |= mask_of(bit);
  return mask;
}

void push_bits(lua_State* L) {
  lua_newtable(L);
#define X(name) set_field(L, #name, mask_of(fact::name));
  FLOWACTORS_FACTS(X)
#undef X
  lua_setfield(L, -2, "bits");
  set_field(L, "text_bits", all_of(text_facts));
  set_field(L, "rare_bits", all_of(rare_facts));
  lua_newtable(L);
#define INDEX(name) set_field(L, #name, static_cast<lua_Number>(fact_index::name))
  INDEX(labels);
  INDEX(app);
  INDEX(protocol);
  INDEX(detection);
  INDEX(confidence);
  INDEX(end);
  INDEX(tunnel);
#undef INDEX
  lua_setfield(L, -2, "index");
}

void push_kinds(lua_State* L, const flow_facts& facts) {
  set_field(L, "kinds", facts.kinds().data());
  set_field(L, "kind_count", static_cast<lua_Number>(facts.kinds().size()));
  lua_newtable(L);
#define KIND(name) set_field(L, #name, static_cast<lua_Number>(flow_facts::kind::name))
  KIND(http);
  KIND(dns);
  KIND(tls);
#undef KIND
  lua_setfield(L, -2, "kind");
}

} // namespace

int32_t find_server_name(flow_access* access, script_cursor* cursor) noexcept {
  access->found = flow_facts::server_name(access->facts, *cursor);
  return 2;
}

int32_t find_url(flow_access* access, script_cursor* cursor) noexcept {
  if (!access->facts.is_http(*cursor->flow))
    return 0;
  return found_or_not(access, flow_facts::http_path(text_of(*cursor)));
}

int32_t find_content_type(flow_access* access, script_cursor* cursor) noexcept {
  if (!access->facts.is_http(*cursor->flow))
    return 0;
  const std::string_view type = view(text_of(*cursor), text_of(*cursor).http_content_type);
  return found_or_not(access, {type.data(), type.size()});
}

void push_flow_access(lua_State* L, flow_access& access) {
  push_layout(L);
  push_keys(L);
  push_bits(L);
  push_kinds(L, access.facts);
  set_field(L, "kept_places", static_cast<lua_Number>(access.kept_places));
  set_field(L, "most_code_kb", static_cast<lua_Number>(access.most_code_kb));
  set_field(L, "cursor", &access.cursor);
  set_field(L, "facts", &access);
  set_field(L, "numbers", access.facts.numbers().data());
  set_field(L, "texts", access.facts.texts().data());
  set_field(L, "indexes", access.facts.indexes().data());
  set_field(L, "found", &access.found);
  set_field(L, "fill", address_of(fill));
  set_field(L, "write_mac", address_of(write_mac_of));
  set_field(L, "find_url", address_of(find_url));
  lua_pushlightuserdata(L, &access);
  lua_pushcclosure(L, native_methods, 1);
  lua_setfield(L, -2, "native");
  push_flow_fields(L, access);
  push_flow_data(L, access);
}

} // namespace flowactors
