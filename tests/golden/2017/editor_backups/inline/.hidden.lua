return {flowCreate = function() io.write("never: hidden\n") end}
