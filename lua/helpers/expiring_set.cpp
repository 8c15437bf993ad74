#include "lua/helpers/expiring_set.hpp"

namespace flowactors {

std::optional<bool> expiring_set::add(scalar key, int64_t now_ns) noexcept {
  const auto put = keys_.put(key, now_ns, refresh_, drop);
  if (put.entry == keys_.none)
    return std::nullopt;
  return put.is_new;
}

bool expiring_set::remove(scalar key, int64_t now_ns) noexcept {
  const uint32_t entry = keys_.find(key, now_ns);
  if (entry == keys_.none)
    return false;
  keys_.erase(entry, drop);
  return true;
}

void expiring_set::save(byte_writer& out) const noexcept {
  out.put(keys_.held());
  for (uint32_t entry = keys_.oldest(); entry != keys_.none; entry = keys_.after(entry)) {
    out.put(keys_.key(entry));
    out.put(keys_.put_at(entry));
  }
}

restored expiring_set::restore(byte_reader& in) noexcept {
  for (auto left = in.take<uint32_t>(); left > 0 && in.ok(); --left) {
    const scalar key = in.take_scalar();
    const auto when_ns = in.take<int64_t>();
    if (in.ok() && !add(key, when_ns))
      return restored::no_memory;
  }
  return in.at_end() ? restored::whole : restored::damaged;
}

} // namespace flowactors
