#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace flowactors {

/// What was answered about names that were asked about before. A newer name takes the place of an
/// older one whose hash it shares; long names are not remembered.
template <class Answer>
class name_answers {
public:
  /// The answer about a name, from `ask()` if it is not remembered.
  template <class Ask>
  Answer find(std::string_view name, Ask ask) {
    if (name.size() > sizeof(entry::name))
      return ask();
    entry& place = entries_[std::hash<std::string_view>{}(name) % entries_.size()];
    if (!place.used || std::string_view{place.name, place.length} != name) {
      place.answer = ask();
      place.length = static_cast<uint8_t>(name.size());
      std::memcpy(place.name, name.data(), name.size());
      place.used = true;
    }
    return place.answer;
  }

private:
  struct entry {
    Answer answer{};
    bool used = false;
    uint8_t length = 0;
    char name[48];
  };

  std::array<entry, 256> entries_;
};

} // namespace flowactors
