-- Builds everything that a VM needs before its first script. Returns the function that loads a script, and the one that hands
-- written bytes over; or nil and what is wrong with the library.
local host = ...
local function run(name, ...) return assert(loadstring(host.chunks[name], "=" .. name))(...) end

local differs = run("layout", host)
if differs then return nil, differs end
if host.jit then
  -- The defaults (1000 traces, 512 KiB of code) are flushed again and again by a dozen scripts.
  require("jit.opt").start("maxtrace=8000", "maxmcode=4096", "maxrecord=8000", "maxirconst=4000", "maxside=200")
end
if host.jit then run("helpers", host) end
local output = run("output", host)
local api = run("api", host)
return run("environment", host, run("flow", host), output, api), output.flush
