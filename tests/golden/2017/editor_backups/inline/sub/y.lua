return {flowCreate = function() io.write("never: folder\n") end}
