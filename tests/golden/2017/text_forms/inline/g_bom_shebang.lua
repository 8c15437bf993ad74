#!/usr/bin/lua
return {flowCreate = function() io.write("both\n") end}
