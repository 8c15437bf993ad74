return {flowCreate = function() io.write("bom\n") error("line 1") end}
