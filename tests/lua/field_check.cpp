#define CAF_SUITE lua_field_check

#include "lua/field_check.hpp"

#include "tests/suite.hpp"

using namespace flowactors;

CAF_TEST(unknown fields are found in the text) {
  const auto found = unknown_fields("a.lua",
                                    "local M = {}\nfunction M.flowCreate(flow)\n"
                                    "  x = flow.srv_prt + flow.bytes + t.flow.odd\n"
                                    "  flow.data.x, y = 1, flow.dump()\n"
                                    "  -- flow.comment\n  z = flow.copy\n"
                                    "end\nreturn flow.last");
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK_EQUAL(found[0], "a.lua:3: flow has no field 'srv_prt' (did you mean srv_port?)");
  CAF_CHECK(found[1].starts_with("a.lua:8: flow has no field 'last'"));
}

CAF_TEST(a script may use the name for something else) {
  CAF_CHECK(unknown_fields("a.lua", "local flow = {} x = flow.odd").empty());
  CAF_CHECK(unknown_fields("a.lua", "flow = f() x = flow.odd").empty());
  CAF_CHECK(unknown_fields("a.lua", "x = 'unfinished").empty());
}
