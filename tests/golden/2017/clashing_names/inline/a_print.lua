-- Decides nothing: exports names that are globals.
return {print = function() io.write("never\n") end, split = function() end, round = function() end, type = function() end,
  flowCreate = function() io.write(type(1), "\n") end}
