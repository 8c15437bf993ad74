-- Builds everything that a VM needs before its first script. Returns the function that loads a script, the one that hands written
-- bytes over, and the buffer where they wait; or nil and what is wrong with the library.
local host = ...
function host.run(name, ...) return assert(loadstring(host.chunks[name], "=" .. name))(...) end
local run = host.run

local differs = run("layout", host)
if differs then return nil, differs end
if host.jit then
  -- The defaults (1000 traces, 512 KiB of code) are flushed again and again by a dozen scripts. What the compiler keeps of its traces takes
  -- two or three times as much as their code, and counts as the scripts': a VM that may hold little has less of them.
  require("jit.opt").start("maxtrace=8000", "maxmcode=" .. host.most_code_kb, "maxrecord=8000", "maxirconst=4000", "maxside=200")
end
if host.jit then run("helpers", host) end
local output = run("output", host)
local api = run("api", host)
local kept = host.jit and run("kept", host)
local flow = run("flow", host, kept)
host.flow_argument = run("fields", host, flow, kept)
local compile, guards, withheld = run("compile", host), run("guards", host), run("withheld", host)
local strings = run("strings", host)
host.lifecycle = run("lifecycle", host, output)
local furnish = run("furnish", host, flow, output, api, withheld)
local add_loading = run("loading", host, compile)
local make_environment = host.trusted and run("trusted", host, output, compile, guards, add_loading)
  or run("sandbox", host, output, compile, guards, strings, withheld, add_loading)
return run("environment", host, compile, strings, make_environment, furnish, run("batch", host)), output.flush, output.buffer
