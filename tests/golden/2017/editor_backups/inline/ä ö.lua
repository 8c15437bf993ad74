return {flowCreate = function() io.write("letters and a space\n") end}
