#include "lua/name_lists.hpp"

#include <lua.hpp>

#include <string>
#include <vector>

namespace flowactors {

namespace {

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

void push_old_names(lua_State* L, const names_of_2017& names) {
  lua_newtable(L);
  push_list(L, "protocols", names.protocols);
  push_list(L, "protocol_breeds", names.protocol_breeds);
  push_list(L, "categories", names.categories);
  lua_newtable(L);
  for (size_t i = 0; i < names.protocol_categories.size(); ++i) {
    const std::string& name = names.protocol_categories[i];
    if (name.empty())
      continue;
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, "protocol_categories");
  lua_newtable(L);
  for (size_t i = 0; i < categories_of_2017().size(); ++i) {
    const std::string_view name = categories_of_2017()[i];
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, static_cast<int>(i));
  }
  lua_setfield(L, -2, "all_categories");
  lua_setfield(L, -2, "names_2017");
}

} // namespace

void push_names(lua_State* L, const catalog* names, const std::optional<names_of_2017>& old) {
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
  if (old.has_value())
    push_old_names(L, *old);
}

} // namespace flowactors
