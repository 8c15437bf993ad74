local m = require "broken_module"
return m
