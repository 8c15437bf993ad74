#pragma once

#include "lua/helpers/json.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace flowactors {

/// Writes Lua values as JSON, in the form of json.encode. It is to be kept where a Lua error, which
/// runs no destructors, can't lose it.
class json_writer {
public:
  explicit json_writer(const json_limits& most) noexcept : limits_(most) {}

  /// What errors begin with: the line of the function that is `level` calls above the C function
  /// that writes, then `prefix`.
  struct error_start {
    int level = 1;
    const char* prefix = "";
  };

  /// The value at `index` as text, valid until the next call. Raises an error if JSON has no form
  /// for it, or not within the limits.
  std::string_view write(lua_State* state, int index, error_start start);

  /// A bit for each of the (at most 32) names that the table written last has as a key.
  uint32_t keys_among(std::span<const char* const> names) const noexcept;

private:
  /// A key of a table on its way out. The table holds the text.
  struct member {
    bool is_number;
    int place; ///< of the value on the stack; 0 = it is still in its table
    double number;
    std::string_view text;

    bool operator>(const member& other) const noexcept { return other < *this; }
    bool operator<(const member& other) const noexcept {
      if (is_number != other.is_number)
        return is_number;
      return is_number ? number < other.number : text < other.text;
    }
  };

  void tidy();
  [[noreturn]] void fail(lua_State* state, const char* format, ...);
  bool collect_few(lua_State* state, int table);
  void collect_many(lua_State* state, int table);
  void add_member(lua_State* state, int place);
  class in_order;
  void count(lua_State* state, size_t units) const;
  const char* of_field(lua_State* state) const;
  int64_t array_size(lua_State* state, int table) const;
  void write_array(lua_State* state, int table, int64_t size, int depth);
  void write_object(lua_State* state, int table, size_t first, int depth);
  void write_table(lua_State* state, int table, int depth);
  void write_key(const member& key);
  void write_value(lua_State* state, int index, int depth);

  json_limits limits_;
  error_start start_;
  std::string_view field_; // whose value is being written; empty = none
  std::string out_;
  std::vector<member> members_; // of all tables that are being written
  size_t outermost_ = 0;        // members of the outermost table
};

} // namespace flowactors
