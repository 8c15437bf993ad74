return {flowCreate = function() io.write("good too\n") end}
