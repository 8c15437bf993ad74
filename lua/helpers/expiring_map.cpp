#include "lua/helpers/expiring_map.hpp"

namespace flowactors {

bool expiring_map::set(scalar key, scalar value, int64_t now_ns) noexcept {
  const auto put = keys_.put(key, now_ns, true, dropper());
  if (put.entry == keys_.none)
    return false;
  kept_scalar& kept = keys_[put.entry];
  kept.drop(keys_.memory());
  if (kept.keep(value, keys_.memory()))
    return true;
  keys_.erase(put.entry, dropper());
  return false;
}

scalar expiring_map::get(scalar key, int64_t now_ns) const noexcept {
  const uint32_t entry = keys_.find(key, now_ns);
  return entry != keys_.none ? keys_[entry].get() : scalar{};
}

bool expiring_map::remove(scalar key, int64_t now_ns) noexcept {
  const uint32_t entry = keys_.find(key, now_ns);
  if (entry == keys_.none)
    return false;
  keys_.erase(entry, dropper());
  return true;
}

void expiring_map::save(byte_writer& out) const noexcept {
  out.put(keys_.held());
  for (uint32_t entry = keys_.oldest(); entry != keys_.none; entry = keys_.after(entry)) {
    out.put(keys_.key(entry));
    out.put(keys_[entry].get());
    out.put(keys_.put_at(entry));
  }
}

restored expiring_map::restore(byte_reader& in) noexcept {
  for (auto left = in.take<uint32_t>(); left > 0 && in.ok(); --left) {
    const scalar key = in.take_scalar(), value = in.take_scalar();
    const auto when_ns = in.take<int64_t>();
    if (in.ok() && !set(key, value, when_ns))
      return restored::no_memory;
  }
  return in.at_end() ? restored::whole : restored::damaged;
}

} // namespace flowactors
