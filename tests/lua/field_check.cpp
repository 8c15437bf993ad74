#define CAF_SUITE lua_field_check

#include "lua/field_check.hpp"

#include "tests/lua/fixture.hpp"
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

CAF_TEST(unknown methods are found in the text) {
  const auto found = unknown_fields("a.lua",
                                    "x = flow.getNdpiProt() y = flow:dmp() z = flow.dump() "
                                    "w = flow.getLastSeen() v = flow.bytes()");
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK_EQUAL(found[0],
                  "a.lua:1: flow has no method 'getNdpiProt' (did you mean getNdpiProto?)");
  CAF_CHECK_EQUAL(found[1], "a.lua:1: flow has no method 'dmp' (did you mean dump?)");
}

CAF_TEST(every method that scripts find is known) {
  test::script_tree tree;
  tree.write("a.lua",
             "for name in pairs(flow) do io.write('x = flow.', name, '() ') end return {}");
  test::running aut{tree};
  CAF_REQUIRE(aut.vm != nullptr);
  CAF_CHECK_NOT_EQUAL(aut.said.written.find("flow.dump()"), std::string::npos);
  CAF_CHECK(unknown_fields("a.lua", aut.said.written).empty());
}
