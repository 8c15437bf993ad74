return setmetatable({}, {__index = function() return function() io.write("never\n") end end})
