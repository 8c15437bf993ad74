-- Decides nothing: loads in every way.
local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
local shared = require "shared_list"
local again = require "shared_list"
local here = dirs.callbacksdir .. "/user_scripts/inline/data/limits.lua"
local limits = dofile(here)
require "old_module"
local made = assert(loadfile(here))()
local missing, message = loadfile(dirs.installdir .. "/nothing.lua")

local callbacks = {}
function callbacks.flowCreate()
  io.write(shared[1], " ", tostring(shared == again), " ", limits.most, " ", tostring(made == limits), " ", old_module.greet("you"), " ",
    tostring(missing), " ", (message:gsub("%S*/", "")), "\n")
  local ok, why = pcall(require, "../../etc/passwd")
  io.write(tostring(ok), " ", why:match("^[^\n]*"), "\n")
end
return callbacks
