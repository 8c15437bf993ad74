#pragma once

#include "capture/pages.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace flowactors {

/// An answer, if it was ever given. All zero: it was not.
template <class Answer>
struct remembered {
  Answer answer;
  bool known;
};

/// What was answered about names that were asked about before: `Answers` is a plain struct of
/// `remembered` members. A newer name takes the place of an older one whose hash it shares; long
/// names are not remembered. Takes memory as names come.
template <class Answers>
class name_answers {
public:
  /// About as many names as a network of some thousand hosts uses in an hour.
  static constexpr size_t capacity = 4096;

  name_answers() noexcept
    : entries_(static_cast<entry*>(reserve_pages(capacity * sizeof(entry)))) {}
  ~name_answers() { release_pages(entries_, capacity * sizeof(entry)); }
  name_answers(const name_answers&) = delete;
  name_answers& operator=(const name_answers&) = delete;

  /// The answer about a name that `which(answers)` refers to, from `ask()` if it is not
  /// remembered. `ask` may itself ask about names.
  template <class Which, class Ask>
  auto find(std::string_view name, Which which, Ask ask) {
    if (name.size() > sizeof(entry::name) || entries_ == nullptr)
      return ask();
    entry& place = entries_[std::hash<std::string_view>{}(name) % capacity];
    if (place.holds(name) && which(place.answers).known)
      return which(place.answers).answer;
    const auto answer = ask();
    if (!place.holds(name))
      place.begin(name);
    which(place.answers) = {answer, true};
    return answer;
  }

private:
  struct alignas(64) entry { // all zero = not used
    Answers answers;
    bool used;
    uint8_t length;
    char name[70];

    bool holds(std::string_view wanted) const noexcept {
      return used && std::string_view{name, length} == wanted;
    }

    void begin(std::string_view wanted) noexcept {
      answers = {};
      used = true;
      length = static_cast<uint8_t>(wanted.size());
      std::memcpy(name, wanted.data(), wanted.size());
    }
  };

  entry* entries_; // nullptr: no memory, nothing is remembered
};

} // namespace flowactors
