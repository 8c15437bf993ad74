return {flowCreate = function() io.write("dots\n") end}
