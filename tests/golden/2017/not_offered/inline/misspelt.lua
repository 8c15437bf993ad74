-- Decides nothing: misspells.
return {flowCreate = function() ntop.getcache("x") ntop.setHashcache("x", "y", "z") end}
