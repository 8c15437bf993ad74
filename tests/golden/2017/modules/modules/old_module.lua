module("old_module", package.seeall)
function greet(whom) return "hello " .. whom end
