#include "lua/helpers/compiled_calls.hpp"

#include "lua/helpers/binding.hpp"
#include "lua/helpers/distinct.hpp"
#include "lua/helpers/expiring_set.hpp"
#include "lua/helpers/top_k.hpp"
#include "lua/helpers/window_counter.hpp"

#include <cmath>

// The hottest methods for texts as keys, by packet time. They raise no errors: what they can't do
// they leave undone and answer with not-a-number or -1, and the method of the binding, which is
// called then, says why.

namespace flowactors {

namespace {

using binding::object;

int64_t now_of(const helper_memory& memory) noexcept {
  return memory.now_ns != nullptr ? *memory.now_ns : 0;
}

double window_counter_add(object<window_counter>* it, const char* key, size_t size,
                          double n) noexcept {
  if (size > kept_scalar::longest || !std::isfinite(n))
    return NAN;
  return it->helper.add(text_scalar({key, size}), n, now_of(it->memory)).value_or(NAN);
}

double window_counter_count(object<window_counter>* it, const char* key, size_t size) noexcept {
  if (size > kept_scalar::longest)
    return NAN;
  return it->helper.count(text_scalar({key, size}), now_of(it->memory));
}

double distinct_add(object<distinct>* it, const char* key, size_t size, const char* value,
                    size_t value_size) noexcept {
  if (size > kept_scalar::longest || value_size > kept_scalar::longest)
    return NAN;
  return it->helper
    .add(text_scalar({key, size}), text_scalar({value, value_size}), now_of(it->memory))
    .value_or(NAN);
}

double distinct_add_number(object<distinct>* it, const char* key, size_t size,
                           double value) noexcept {
  if (size > kept_scalar::longest || std::isnan(value))
    return NAN;
  return it->helper.add(text_scalar({key, size}), number_scalar{value}, now_of(it->memory))
    .value_or(NAN);
}

int32_t top_k_add(object<top_k>* it, const char* key, size_t size, double n) noexcept {
  if (size > kept_scalar::longest || !(n >= 0) || std::isinf(n))
    return -1;
  return it->helper.add(text_scalar({key, size}), n) ? 0 : -1;
}

int32_t expiring_set_add(object<expiring_set>* it, const char* key, size_t size) noexcept {
  if (size > kept_scalar::longest)
    return -1;
  const auto is_new = it->helper.add(text_scalar({key, size}), now_of(it->memory));
  return is_new ? (*is_new ? 1 : 0) : -1;
}

int32_t expiring_set_has(object<expiring_set>* it, const char* key, size_t size) noexcept {
  if (size > kept_scalar::longest)
    return -1;
  return it->helper.has(text_scalar({key, size}), now_of(it->memory)) ? 1 : 0;
}

struct call {
  const char* name;
  void* address;
};

template <class Function>
void* address_of(Function* function) noexcept {
  return reinterpret_cast<void*>(function);
}

} // namespace

void push_compiled_calls(lua_State* L) {
  const call calls[] = {{"window_counter_add", address_of(window_counter_add)},
                        {"window_counter_count", address_of(window_counter_count)},
                        {"distinct_add", address_of(distinct_add)},
                        {"distinct_add_number", address_of(distinct_add_number)},
                        {"top_k_add", address_of(top_k_add)},
                        {"expiring_set_add", address_of(expiring_set_add)},
                        {"expiring_set_has", address_of(expiring_set_has)}};
  lua_newtable(L);
  for (const call& each : calls) {
    lua_pushlightuserdata(L, each.address);
    lua_setfield(L, -2, each.name);
  }
  lua_setfield(L, -2, "helper_calls");
}

} // namespace flowactors
