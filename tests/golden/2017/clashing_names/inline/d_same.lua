-- Decides nothing: has the same callback as its neighbour.
return {flowCreate = function() io.write("d\n") end}
