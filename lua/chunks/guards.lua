-- The functions that catch errors. The error of a broken limit goes on through them.
local host = ...
local pcall, xpcall, resume = pcall, xpcall, coroutine.resume
local recheck = host.recheck

local function through(ok, ...)
  if not ok then recheck(...) end
  return ok, ...
end

return {
  pcall = function(...) return through(pcall(...)) end,
  xpcall = function(...) return through(xpcall(...)) end,
  resume = function(...) return through(resume(...)) end,
}
