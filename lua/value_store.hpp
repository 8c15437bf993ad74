#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace flowactors {

/// What one answer may be at most; beyond that it is none.
struct answer_limits {
  size_t items = 50'000;
  size_t bytes = size_t{1} << 20;
  uint64_t steps = 2'000'000; ///< of looking for keys like a pattern
};

/// What ntop.*Cache works on: texts, hashes, sets and lists under keys, bounded in entries and
/// bytes. It belongs to whoever makes the VMs, so that it outlives a reload. Thread-safe: a new VM
/// may be loaded beside the one that runs.
///
/// A key holds one kind at a time; writing another kind replaces it. What would not fit is left
/// out, and the function says false; what was there under that name is gone then all the same.
class value_store {
public:
  struct limits {
    size_t entries = 100'000;        ///< keys, and members of hashes, sets and lists
    size_t bytes = size_t{64} << 20; ///< of keys and values, without what keeping them takes
  };

  enum class answer : uint8_t { none, given, too_large };

  using clock = int64_t (*)() noexcept; ///< nanoseconds since the epoch

  explicit value_store(const limits& most, clock now = wall_clock) : most_(most), now_(now) {}
  value_store() : value_store(limits{}) {}
  value_store(const value_store&) = delete;

  const limits& most() const noexcept { return most_; }
  size_t entries() const;
  size_t bytes() const;

  // -- texts --------------------------------------------------------------------------------------
  /// True, and the text in `out`, if the key holds one.
  bool get(std::string_view key, std::string& out);
  /// `ttl_ns`: how long it holds; 0 = until it is removed. What is over makes room for others.
  bool set(std::string_view key, std::string_view value, int64_t ttl_ns = 0);
  /// Removes a key of any kind.
  void remove(std::string_view key);
  /// Keys of any kind that are like the pattern (`*` = any text, `?` = any character), in order.
  answer keys_like(std::string_view pattern, std::vector<std::string>& out,
                   const answer_limits& most = {});

  // -- hashes: names with texts -------------------------------------------------------------------
  bool hash_get(std::string_view key, std::string_view field, std::string& out);
  bool hash_set(std::string_view key, std::string_view field, std::string_view value);
  void hash_remove(std::string_view key, std::string_view field);
  /// The names and texts of the hash that the key holds, in order of the names.
  answer hash_all(std::string_view key, std::vector<std::pair<std::string, std::string>>& out,
                  const answer_limits& most = {});

  // -- sets ---------------------------------------------------------------------------------------
  bool set_add(std::string_view key, std::string_view member);
  void set_remove(std::string_view key, std::string_view member);
  /// The members of the set that the key holds, in order.
  answer set_all(std::string_view key, std::vector<std::string>& out,
                 const answer_limits& most = {});

  // -- lists --------------------------------------------------------------------------------------
  /// Puts a text at the head, then drops from the tail what is beyond `longest` items.
  bool list_push(std::string_view key, std::string_view value, size_t longest = SIZE_MAX);
  /// Takes the head; false if there is none.
  bool list_pop(std::string_view key, std::string& out);
  /// Of the list that the key holds, if it is not empty, the items from number `from` to `to`,
  /// counted from 0 at the head or, below 0, from the end.
  answer list_range(std::string_view key, int64_t from, int64_t to, std::vector<std::string>& out,
                    const answer_limits& most = {});

private:
  using hash = std::map<std::string, std::string, std::less<>>;
  using members = std::set<std::string, std::less<>>;
  using list = std::deque<std::string>;

  struct item {
    std::variant<std::string, hash, members, list> value;
    size_t entries = 0; ///< with the key
    size_t bytes = 0;
    int64_t until_ns = 0; ///< 0 = for ever
  };
  using items = std::map<std::string, item, std::less<>>;

  static int64_t wall_clock() noexcept;

  bool over(const item& of) const noexcept { return of.until_ns != 0 && now_() >= of.until_ns; }
  bool make_room(size_t entries, size_t bytes);
  bool replace(item& of, std::string& text, std::string_view value);
  void account(item& of, size_t entries, size_t bytes) noexcept;
  void discount(item& of, size_t entries, size_t bytes) noexcept;
  void forget(items::iterator place);
  items::iterator find(std::string_view key);
  template <class T>
  std::pair<item*, T*> collection(std::string_view key);
  template <class T>
  std::pair<item*, T*> make_collection(std::string_view key);

  const limits most_;
  const clock now_;
  mutable std::mutex mutex_; ///< uncontended but for the time of a reload
  items items_;
  std::set<std::pair<int64_t, std::string_view>>
    ends_; ///< of keys that have an end, the next first
  size_t entries_ = 0;
  size_t bytes_ = 0;
};

} // namespace flowactors
