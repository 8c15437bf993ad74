return {flowCreate = function() io.write("never: lock\n") end}
