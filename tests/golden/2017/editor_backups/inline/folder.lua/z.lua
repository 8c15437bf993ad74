return {flowCreate = function() io.write("never: folder called lua\n") end}
