#pragma once

#include "tests/lua/attack_lists.hpp"
#include "tests/lua/fixture.hpp"

namespace flowactors::test {

/// Its text comes from what it sees: anything that another script spoils changes it.
inline constexpr char honest[] = R"(
local M = {}
local count = 0
function M.flowCreate()
  count = count + 1
  local parts = {("%d"):format(count), ("a,b"):match("^(.-),"), table.concat({1, 2}, "-"), type(flow.dump()),
    tostring(math.floor(1.5)), tostring(rawequal(_G.attacked, nil)), tostring(#string.rep("x", 3)), tostring(next({}) == nil),
    tostring(ntop.getInfo().product), tostring(bit.band(6, 3)), tostring(require("json").encode({1})), tostring(("x").attacked)}
  io.write("<", table.concat(parts, " "), ">")
end
return M
)";

inline std::string honest_text(int count) {
  std::string out;
  for (int i = 1; i <= count; ++i)
    out += "<" + std::to_string(i) + " a 1-2 table 1 true 3 true flowactors 2 [1] nil>";
  return out;
}

/// A script that tries it at each new flow.
inline std::string callback(const attack& tried) {
  return std::string{"local M = {}\n"} + tried.setup + "\nfunction M.flowCreate()\n" + tried.text
         + "\nend\nreturn M\n";
}

inline bool broke_limits(const running& aut) {
  uint64_t count = 0;
  for (const auto& costs : aut.vm->costs())
    for (const uint64_t of_kind : costs.limits)
      count += of_kind;
  return count != 0;
}

} // namespace flowactors::test
