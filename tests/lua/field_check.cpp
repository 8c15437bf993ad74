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
  CAF_CHECK(unknown_fields("a.lua", "local flow = flow.dump() x = flow.odd").empty());
  CAF_CHECK(!unknown_fields("a.lua", "emit {flow = flow.id, a = flow.odd}").empty());
  CAF_CHECK(!unknown_fields("a.lua", "local flow = flow x = flow.odd").empty());
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

CAF_TEST(the parameter of a callback is a flow by any name) {
  const auto found =
    unknown_fields("a.lua",
                   "local M = {f = 1}\n"
                   "function M.flowCreate(f) if f.bytes > 1 then f.data.x = f.byts end\n"
                   "  for i = 1, 2 do repeat local y = f:dmp() until y end end\n"
                   "M.flowDelete = function(f) return f.srv_prt end\n"
                   "local function flowUpdate(it) return it.cli_prt end\n"
                   "local f = g() x = f.odd\n"
                   "return {flowProtocolDetected = function(one) return one.prot end}");
  CAF_REQUIRE_EQUAL(found.size(), 5u);
  CAF_CHECK_EQUAL(found[0], "a.lua:2: flow has no field 'byts' (did you mean bytes?)");
  CAF_CHECK_EQUAL(found[1], "a.lua:3: flow has no method 'dmp' (did you mean dump?)");
  CAF_CHECK_EQUAL(found[2], "a.lua:4: flow has no field 'srv_prt' (did you mean srv_port?)");
  CAF_CHECK_EQUAL(found[3], "a.lua:5: flow has no field 'cli_prt' (did you mean cli_port?)");
  CAF_CHECK_EQUAL(found[4], "a.lua:7: flow has no field 'prot' (did you mean proto?)");
}

CAF_TEST(a parameter may be given another meaning) {
  for (const char* text :
       {"function M.flowCreate(f) local f = f.dump() x = f.odd end",
        "function M.flowCreate(f) f = f.dump() x = f.odd end",
        "function M.flowCreate(f) for f in g() do x = f.odd end end",
        "function M.flowCreate(f) map(function(a, f) return f.odd end) end",
        "function M.flowCreate() end function M.other(f) return f.odd end",
        "function M.flowCreate(f", "function M.flowCreate(", "flowCreate = function"})
    CAF_CHECK(unknown_fields("a.lua", text).empty());
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
