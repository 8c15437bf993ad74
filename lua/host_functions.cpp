#include "lua/host_functions.hpp"

#include "lua/call_costs.hpp"
#include "lua/limit_error.hpp"
#include "lua/script_folder.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <lua.hpp>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

// A Lua error unwinds these functions without running destructors: none of them holds anything that
// has one while it may raise.

namespace flowactors {

namespace {

constexpr size_t longest_line = 65536; // of the log; docs/sandbox.md has it

host_state& host_of(lua_State* L) {
  return *static_cast<host_state*>(lua_touserdata(L, lua_upvalueindex(1)));
}

std::string_view text_at(lua_State* L, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

// Called through FFI.
void hand_over(host_state* host, const char* data, size_t size) noexcept {
  write_out(*host, {data, size});
}

// log(level, script, text): a line, which counts with what is written.
int log(lua_State* L) {
  const int level = static_cast<int>(luaL_checkinteger(L, 1));
  const std::string_view script = text_at(L, 2), text = text_at(L, 3).substr(0, longest_line);
  log_out(host_of(L), static_cast<script_output::level>(std::clamp(level, 0, 3)), script, text);
  return 0;
}

// Called where something was dropped: whether more is, now.
int is_crowded(lua_State* L) {
  output_meter& meter = host_of(L).meter;
  meter.look(clock_ns());
  lua_pushboolean(L, meter.crowded() ? 1 : 0);
  return 1;
}

int refuse_output(lua_State* L) {
  raise_limit(L, "output", "the script wrote most of what is more than may be written in a second");
}

// nearest(name, table) -> " (did you mean X?)" or "". Scripts choose both: what is too long or too
// much is passed over, since nothing ends a call here.
int nearest_key(lua_State* L) {
  constexpr size_t most_characters = 64, most_names = 500;
  const std::string_view name = text_at(L, 1);
  char best[64] = "";
  if (name.size() <= most_characters) {
    std::vector<std::string_view> known;
    lua_pushnil(L);
    while (known.size() < most_names && lua_next(L, 2) != 0) {
      size_t size = 0;
      const char* key = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &size) : nullptr;
      if (key != nullptr && size <= most_characters)
        known.emplace_back(key, size);
      lua_pop(L, 1);
    }
    std::sort(known.begin(), known.end());
    const std::string_view found = nearest(name, known);
    found.copy(best, sizeof(best) - 1);
  }
  if (best[0] == '\0')
    lua_pushlstring(L, "", 0);
  else
    lua_pushfstring(L, " (did you mean %s?)", best);
  return 1;
}

int is_folder(lua_State* L) {
  struct stat found;
  lua_pushboolean(L, stat(luaL_checkstring(L, 1), &found) == 0 && S_ISDIR(found.st_mode));
  return 1;
}

int exists(lua_State* L) {
  struct stat found;
  lua_pushboolean(L, stat(luaL_checkstring(L, 1), &found) == 0);
  return 1;
}

int is_not_empty(lua_State* L) {
  struct stat found;
  lua_pushboolean(L, stat(luaL_checkstring(L, 1), &found) == 0 && found.st_size > 0);
  return 1;
}

int last_change(lua_State* L) {
  struct stat found;
  lua_pushnumber(
    L, stat(luaL_checkstring(L, 1), &found) == 0 ? static_cast<lua_Number>(found.st_mtime) : -1);
  return 1;
}

// Writes the names of a folder's entries, hidden ones left out, each with a 0 behind it, as far as
// there is room; gives the room that all of them need.
size_t copy_names(const char* path, char* out, size_t room) noexcept {
  constexpr size_t most_names = 256 << 10; // bytes
  DIR* folder = opendir(path);
  if (folder == nullptr)
    return 0;
  size_t need = 0;
  for (const dirent* entry = readdir(folder); entry != nullptr && need < most_names;
       entry = readdir(folder)) {
    if (entry->d_name[0] == '.')
      continue;
    const size_t size = std::strlen(entry->d_name) + 1;
    if (need + size <= room)
      std::memcpy(out + need, entry->d_name, size);
    need += size;
  }
  closedir(folder);
  return need;
}

// readdir(path) -> table name -> name
int read_folder(lua_State* L) {
  const char* path = luaL_checkstring(L, 1);
  const size_t room = copy_names(path, nullptr, 0);
  char* names = static_cast<char*>(lua_newuserdata(L, room + 1));
  const size_t size =
    std::min(room, copy_names(path, names, room)); // a folder may have grown meanwhile
  lua_newtable(L);
  for (const char* name = names; name < names + size; name += std::strlen(name) + 1) {
    lua_pushstring(L, name);
    lua_pushvalue(L, -1);
    lua_rawset(L, -3);
  }
  return 1;
}

int make_folder(lua_State* L) {
  lua_pushboolean(L, mkdir(luaL_checkstring(L, 1), 0777) == 0);
  return 1;
}

// getservbyport(port, protocol) -> name, or the port as text
int service_name(lua_State* L) {
  const auto port = static_cast<int>(luaL_checkinteger(L, 1));
  const char* protocol = luaL_optstring(L, 2, "tcp");
  servent space;
  servent* found = nullptr;
  char buffer[2048];
  if (port >= 0 && port < 65536
      && getservbyport_r(htons(static_cast<uint16_t>(port)), protocol, &space, buffer,
                         sizeof(buffer), &found)
           == 0
      && found != nullptr)
    lua_pushstring(L, found->s_name);
  else
    lua_pushfstring(L, "%d", port);
  return 1;
}

// inet_ntoa(number in host order, or its digits) -> "a.b.c.d"
int dotted(lua_State* L) {
  const lua_Number given = luaL_checknumber(L, 1);
  if (!(given >= 0 && given <= 4294967295.0)) // NaN too
    return luaL_argerror(L, 1, "a number from 0 to 4294967295 was expected");
  const auto number = static_cast<uint32_t>(given);
  lua_pushfstring(L, "%d.%d.%d.%d", static_cast<int>(number >> 24),
                  static_cast<int>(number >> 16 & 255), static_cast<int>(number >> 8 & 255),
                  static_cast<int>(number & 255));
  return 1;
}

// Seconds since the epoch, with a fraction.
int time_now(lua_State* L) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  lua_pushnumber(L, std::chrono::duration<double>(now).count());
  return 1;
}

int uptime(lua_State* L) {
  lua_pushnumber(L, static_cast<lua_Number>(std::chrono::duration_cast<std::chrono::seconds>(
                                              std::chrono::steady_clock::now() - host_of(L).start)
                                              .count()));
  return 1;
}

// send_udp_data(host, port, data) -> true if the datagram left. The host is an address: names would
// block the capture.
int send_udp(lua_State* L) {
  const char* host = luaL_checkstring(L, 1);
  const auto port = luaL_checkinteger(L, 2);
  const std::string_view data = text_at(L, 3);
  sockaddr_storage to{};
  auto* to4 = reinterpret_cast<sockaddr_in*>(&to);
  auto* to6 = reinterpret_cast<sockaddr_in6*>(&to);
  socklen_t size = 0;
  if (port <= 0 || port > 65535)
    return luaL_argerror(L, 2, "a port from 1 to 65535 was expected");
  if (inet_pton(AF_INET, host, &to4->sin_addr) == 1) {
    to4->sin_family = AF_INET;
    to4->sin_port = htons(static_cast<uint16_t>(port));
    size = sizeof(*to4);
  } else if (inet_pton(AF_INET6, host, &to6->sin6_addr) == 1) {
    to6->sin6_family = AF_INET6;
    to6->sin6_port = htons(static_cast<uint16_t>(port));
    size = sizeof(*to6);
  } else {
    return luaL_argerror(L, 1,
                         "an IP address was expected (names are not resolved in the capture)");
  }
  int& socket_of_family = host_of(L).udp_sockets[to.ss_family == AF_INET6 ? 1 : 0];
  if (socket_of_family < 0)
    socket_of_family = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool sent = socket_of_family >= 0
                    && sendto(socket_of_family, data.data(), data.size(), MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&to), size)
                         == static_cast<ssize_t>(data.size());
  lua_pushboolean(L, sent);
  return 1;
}

// finalizer_failed(message): told like an error of the collector, the same seldom.
int finalizer_failed(lua_State* L) {
  host_state& host = host_of(L);
  const std::string_view text = text_at(L, 1);
  if (const uint64_t times = host.finalizers.note(text, clock_ns()); times != 0)
    host.output->fault("", "collector", text, times);
  return 0;
}

constexpr luaL_Reg functions[] = {{"log", log},
                                  {"is_crowded", is_crowded},
                                  {"refuse_output", refuse_output},
                                  {"finalizer_failed", finalizer_failed},
                                  {"nearest", nearest_key},
                                  {"isdir", is_folder},
                                  {"exists", exists},
                                  {"notEmptyFile", is_not_empty},
                                  {"fileLastChange", last_change},
                                  {"readdir", read_folder},
                                  {"mkdir", make_folder},
                                  {"getservbyport", service_name},
                                  {"inet_ntoa", dotted},
                                  {"time", time_now},
                                  {"uptime", uptime},
                                  {"send_udp_data", send_udp}};

} // namespace

host_state::~host_state() {
  for (const int socket : udp_sockets)
    if (socket >= 0)
      close(socket);
}

namespace {

void tell_limit(host_state& host) noexcept {
  if (host.meter.tells())
    host.output->log(script_output::level::warning, "",
                     "scripts write more than the limit of this context; the rest is dropped");
}

} // namespace

// In pieces: whoever takes them may have to copy them.
void write_out(host_state& host, std::string_view bytes) noexcept {
  bytes = bytes.substr(0, host.meter.take(bytes.size(), clock_ns()));
  while (!bytes.empty()) {
    const size_t piece = std::min(bytes.size(), size_t{256} << 10);
    host.output->write(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
  }
  tell_limit(host);
}

void log_out(host_state& host, script_output::level severity, std::string_view script,
             std::string_view text) noexcept {
  if (host.meter.take_whole(text.size(), clock_ns()))
    host.output->log(severity, script, text);
  tell_limit(host);
}

bool emit_out(host_state& host, const emitted_record& record) noexcept {
  const bool taken =
    !host.meter.take_whole(record.body.size(), clock_ns()) || host.output->emit(record);
  tell_limit(host);
  return taken;
}

// struct SBufExt of LuaJIT 2.1 with GC64, up to the place of reading.
std::string_view pending_text(const void* buffer) noexcept {
  struct layout {
    const char* written;
    const char* end;
    const char* begin;
    const void* state;
    const void* shared;
    const char* read;
  };
  if (buffer == nullptr)
    return {};
  layout found;
  std::memcpy(&found, buffer, sizeof(found));
  const bool plausible = found.begin != nullptr && found.begin <= found.read
                         && found.read <= found.written && found.written <= found.end
                         && found.end - found.begin <= (1 << 20);
  return plausible ? std::string_view{found.read, static_cast<size_t>(found.written - found.read)}
                   : std::string_view{};
}

void push_host_functions(lua_State* L, host_state& host) {
  for (const luaL_Reg& entry : functions) {
    lua_pushlightuserdata(L, &host);
    lua_pushcclosure(L, entry.func, 1);
    lua_setfield(L, -2, entry.name);
  }
  lua_pushlightuserdata(L, &host);
  lua_setfield(L, -2, "sink");
  lua_pushlightuserdata(L, reinterpret_cast<void*>(hand_over));
  lua_setfield(L, -2, "write");
  lua_pushlightuserdata(L, const_cast<int32_t*>(&host.meter.second()));
  lua_setfield(L, -2, "meter");
  lua_pushlightuserdata(L, nullptr);
  lua_setfield(L, -2, "null");
}

} // namespace flowactors
