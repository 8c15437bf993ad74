#include "actors/speaker.hpp"

#include <algorithm>
#include <string_view>

namespace flowactors {

// The bits of both sides mean the same names.
static_assert(std::ranges::equal(
  emission_keys, envelope_keys, {}, [](const char* key) { return std::string_view(key); },
  [](const char* key) { return std::string_view(key); }));

bool speaker::emit(const emitted_record& record) noexcept {
  return records_->add(script_record{context_, record.script, record.body, record.now_ns,
                                     record.flow_id, record.own_keys});
}

} // namespace flowactors
