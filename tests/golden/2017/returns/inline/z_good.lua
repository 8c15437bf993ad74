return {flowCreate = function() io.write("good\n") end}
