#!/usr/bin/env lua
return {flowCreate = function() io.write("shebang\n") error("line 2") end}
