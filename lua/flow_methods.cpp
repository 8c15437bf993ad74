#include "lua/flow_methods.hpp"

#include <lua.hpp>

#include <string>
#include <type_traits>

namespace flowactors {

namespace {

struct key_entry {
  const char* key;
  bool text;
  int index;
  fact_scope scope;
};

constexpr key_entry keys[] = {
#define X(name, key, scope) {key, false, static_cast<int>(fact_number::name), fact_scope::scope},
  FLOWACTORS_FACT_NUMBERS(X)
#undef X
#define X(name, key, scope) {key, true, static_cast<int>(fact_text::name), fact_scope::scope},
    FLOWACTORS_FACT_TEXTS(X)
#undef X
};

// Found through FFI or by the functions below; the result stands in flow_access::found.

int32_t fill(flow_access* access, script_cursor* cursor) noexcept {
  return access->facts.fill(*cursor);
}

int32_t find_server_name(flow_access* access, script_cursor* cursor) noexcept {
  access->found = flow_facts::server_name(access->facts, *cursor);
  return 2;
}

int32_t found_or_not(flow_access* access, script_text text) noexcept {
  access->found = text;
  return text.data != nullptr && text.size != 0 ? 2 : 1;
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

template <class Function>
void* address_of(Function* function) {
  return reinterpret_cast<void*>(function);
}

// Sets a field of the table on top of the stack.
template <class T>
void set(lua_State* L, const char* key, T value) {
  if constexpr (std::is_same_v<T, bool>)
    lua_pushboolean(L, value ? 1 : 0);
  else if constexpr (std::is_pointer_v<T>)
    lua_pushlightuserdata(L, const_cast<void*>(static_cast<const void*>(value)));
  else
    lua_pushnumber(L, static_cast<lua_Number>(value));
  lua_setfield(L, -2, key);
}

void push_layout(lua_State* L) {
  lua_pushstring(L, flow_layout_text);
  lua_pushstring(L, script_layout_text);
  lua_concat(L, 2);
  lua_setfield(L, -2, "layout");
  lua_newtable(L);
  set(L, "flow_record", sizeof(flow_record));
  set(L, "flow_text", sizeof(flow_text));
  set(L, "flow_counters", sizeof(flow_counters));
  set(L, "flow_tcp", sizeof(flow_tcp));
  set(L, "script_cursor", sizeof(script_cursor));
  set(L, "script_text", sizeof(script_text));
  lua_setfield(L, -2, "sizes");
  lua_newtable(L);
  int n = 0;
  const auto member = [&](const char* type, const char* name, size_t offset) {
    lua_newtable(L);
    lua_pushstring(L, type);
    lua_setfield(L, -2, "type");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    set(L, "offset", static_cast<lua_Number>(offset));
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
  MEMBER(script_cursor, live);
#undef MEMBER
  lua_setfield(L, -2, "offsets");
}

void push_keys(lua_State* L) {
  static constexpr const char* scopes[] = {"always", "tcp", "on_condition"};
  lua_newtable(L);
  int n = 0;
  for (const key_entry& entry : keys) {
    lua_newtable(L);
    lua_pushstring(L, entry.key);
    lua_setfield(L, -2, "key");
    lua_pushstring(L, entry.text ? "text" : "number");
    lua_setfield(L, -2, "kind");
    set(L, "index", entry.index);
    lua_pushstring(L, scopes[static_cast<size_t>(entry.scope)]);
    lua_setfield(L, -2, "scope");
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, -2, "keys");
  lua_newtable(L);
#define X(name) set(L, #name, static_cast<lua_Number>(fact_number::name));
  FLOWACTORS_FACT_PARTS(X)
#undef X
  lua_setfield(L, -2, "part");
  set(L, "client_address", static_cast<lua_Number>(fact_text::client_address));
  set(L, "server_address", static_cast<lua_Number>(fact_text::server_address));
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
#define BIT(name) set(L, #name, mask_of(fact::name))
  BIT(tcp);
  BIT(idle);
  BIT(low_goodput);
  BIT(seq_problems);
  BIT(established);
  BIT(icmp);
  BIT(server_name);
  BIT(bittorrent_hash);
  BIT(http);
  BIT(http_user_agent);
  BIT(http_content_type);
  BIT(dns);
  BIT(ssh);
  BIT(hassh_client);
  BIT(hassh_server);
  BIT(certificate);
  BIT(server_certificate);
  BIT(tls);
  BIT(tls_alpn);
  BIT(ja3_client);
  BIT(ja3_server);
  BIT(tunnel);
  BIT(ended);
#undef BIT
  lua_setfield(L, -2, "bits");
  set(L, "text_bits", all_of(text_facts));
  set(L, "rare_bits", all_of(rare_facts));
  lua_newtable(L);
#define INDEX(name) set(L, #name, static_cast<lua_Number>(fact_index::name))
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

// Where there is no JIT: the same methods as Lua C functions. Upvalue 1 is the flow_access, 2...
// are lists of names in the order of chunks/flow.lua.

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
  push_name(L, categories, access.cursor.flow->category);
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
  set(L, "min", min);
  set(L, "max", max);
  set(L, "avg", avg);
  lua_setfield(L, -2, key);
}

// The bit that a key on condition depends on.
int32_t condition_of(const key_entry& entry) {
  if (entry.text) {
    switch (static_cast<fact_text>(entry.index)) {
      case fact_text::server_name:
        return mask_of(fact::server_name);
      case fact_text::bittorrent_hash:
        return mask_of(fact::bittorrent_hash);
      case fact_text::http_method:
      case fact_text::http_url:
        return mask_of(fact::http);
      case fact_text::http_user_agent:
        return mask_of(fact::http_user_agent);
      case fact_text::http_content_type:
        return mask_of(fact::http_content_type);
      case fact_text::dns_query:
        return mask_of(fact::dns);
      case fact_text::ssh_client:
      case fact_text::ssh_server:
        return mask_of(fact::ssh);
      case fact_text::hassh_client:
        return mask_of(fact::hassh_client);
      case fact_text::hassh_server:
        return mask_of(fact::hassh_server);
      case fact_text::certificate:
        return mask_of(fact::certificate);
      case fact_text::server_certificate:
        return mask_of(fact::server_certificate);
      case fact_text::tls_alpn:
        return mask_of(fact::tls_alpn);
      case fact_text::ja3_client:
        return mask_of(fact::ja3_client);
      case fact_text::ja3_server:
        return mask_of(fact::ja3_server);
      default:
        return 0;
    }
  }
  switch (static_cast<fact_number>(entry.index)) {
    case fact_number::tunnel_id:
      return mask_of(fact::tunnel);
    case fact_number::http_status:
      return mask_of(fact::http);
    case fact_number::dns_query_type:
    case fact_number::dns_reply_code:
      return mask_of(fact::dns);
    case fact_number::tls_version:
    case fact_number::tls_cipher:
      return mask_of(fact::tls);
    default:
      return 0;
  }
}

bool applies(const key_entry& entry, int32_t known) {
  switch (entry.scope) {
    case fact_scope::always:
      return true;
    case fact_scope::tcp:
      return (known & mask_of(fact::tcp)) != 0;
    case fact_scope::on_condition:
      return (known & condition_of(entry)) != 0;
  }
  return false;
}

void set_constants(lua_State* L) {
  for (const char* key : {"cli.source_id", "srv.source_id", "cli.pool_id", "srv.pool_id"})
    set(L, key, 0.0);
  for (const char* key : {"dump.disk", "cli.systemhost", "srv.systemhost"})
    set(L, key, false);
  for (const char* key : {"cli.allowed_host", "srv.allowed_host"})
    set(L, key, true);
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
  for (const key_entry& entry : keys) {
    if (!applies(entry, known))
      continue;
    if (entry.text)
      set_text(entry.key, text(static_cast<fact_text>(entry.index)));
    else
      set(L, entry.key, number(static_cast<fact_number>(entry.index)));
  }
  set_text("cli.host", text(fact_text::client_address));
  set_text("srv.host", text(fact_text::server_address));
  if (has(fact::server_name))
    set_text("protos.http.server_name", text(fact_text::server_name));
  set_constants(L);
  set_names(L, facts, known);
  set(L, "flow.idle", has(fact::idle));
  set(L, "flow_goodput.low", has(fact::low_goodput));
  if (has(fact::tcp)) {
    set(L, "tcp.seq_problems", has(fact::seq_problems));
    set(L, "tcp_established", has(fact::established));
  }
  set_gaps(L, "interarrival.cli2srv", number(fact_number::client_gap_min),
           number(fact_number::client_gap_max), number(fact_number::client_gap_avg));
  set_gaps(L, "interarrival.srv2cli", number(fact_number::server_gap_min),
           number(fact_number::server_gap_max), number(fact_number::server_gap_avg));
  if (has(fact::icmp)) {
    lua_createtable(L, 0, 2);
    set(L, "type", number(fact_number::icmp_type));
    set(L, "code", number(fact_number::icmp_code));
    lua_setfield(L, -2, "icmp");
  }
  return 1;
}

// Takes the lists; gives the table of methods.
int native(lua_State* L) {
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

void push_list(lua_State* L, const char* key, const std::vector<std::string>& names) {
  lua_newtable(L);
  for (size_t i = 0; i < names.size(); ++i) {
    lua_pushlstring(L, names[i].data(), names[i].size());
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, key);
}

template <size_t N>
void push_list(lua_State* L, const char* key, const char* const (&names)[N]) {
  lua_newtable(L);
  for (size_t i = 0; i < N; ++i) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, key);
}

void push_transports(lua_State* L) {
  struct named {
    int number;
    const char* name;
  };
  static constexpr named known[] = {{0, "IP"},    {1, "ICMP"},   {2, "IGMP"},       {6, "TCP"},
                                    {17, "UDP"},  {41, "IPv6"},  {46, "RSVP"},      {47, "GRE"},
                                    {50, "ESP"},  {51, "AH"},    {58, "IPv6-ICMP"}, {89, "OSPF"},
                                    {103, "PIM"}, {112, "VRRP"}, {139, "HIP"}};
  lua_createtable(L, 256, 0);
  for (int i = 0; i < 256; ++i) {
    lua_pushfstring(L, "%d", i);
    lua_rawseti(L, -2, i);
  }
  for (const auto& [number, name] : known) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, number);
  }
  lua_setfield(L, -2, "transports");
}

} // namespace

void push_flow_access(lua_State* L, flow_access& access) {
  push_layout(L);
  push_keys(L);
  push_bits(L);
  set(L, "cursor", &access.cursor);
  set(L, "facts", &access);
  set(L, "numbers", access.facts.numbers().data());
  set(L, "texts", access.facts.texts().data());
  set(L, "indexes", access.facts.indexes().data());
  set(L, "found", &access.found);
  set(L, "fill", address_of(fill));
  set(L, "seconds", address_of(whole_seconds));
  lua_newtable(L);
  set(L, "server_name", address_of(find_server_name));
  set(L, "url", address_of(find_url));
  set(L, "content_type", address_of(find_content_type));
  lua_setfield(L, -2, "find");
  lua_pushlightuserdata(L, &access);
  lua_pushcclosure(L, native, 1);
  lua_setfield(L, -2, "native");
}

void push_names(lua_State* L, const catalog* names) {
  static const catalog none;
  const catalog& all = names != nullptr ? *names : none;
  static constexpr const char* detection_names[] = {"undecided", "detected", "gave_up", "guessed"};
  lua_newtable(L);
  push_list(L, "protocols", all.protocols);
  push_list(L, "protocol_breeds", all.protocol_breeds);
  push_list(L, "categories", all.categories);
  push_list(L, "confidences", all.confidences);
  push_list(L, "risks", all.risks);
  push_list(L, "local_networks", all.local_networks);
  push_list(L, "detections", detection_names);
  push_transports(L);
  lua_newtable(L);
  for (size_t i = 0; i < end_reason_count; ++i) {
    lua_pushstring(L, to_string(static_cast<end_reason>(i)));
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, "ends");
  lua_newtable(L);
  for (int i = 0; i <= static_cast<int>(tunnel_kind::tzsp); ++i) {
    lua_pushstring(L, to_string(static_cast<tunnel_kind>(i)));
    lua_rawseti(L, -2, i);
  }
  lua_setfield(L, -2, "tunnels");
  lua_setfield(L, -2, "names");
}

} // namespace flowactors
