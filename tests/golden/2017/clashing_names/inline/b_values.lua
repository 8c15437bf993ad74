-- Decides nothing: exports what is no callback.
require "lua_utils"
return {flowCreate = "not a function", flowDelete = function() io.write(round(1.26, 1), "\n") end, version = 3, 5, [true] = 1}
