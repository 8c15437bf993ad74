-- Decides nothing: forgets the word local.
count = 0
function helper() return "a" end
string.trim = function() return "a" end
table.insert = nil
callbacks = {}
function callbacks.flowCreate() count = count + 1 io.write("a ", count, " ", helper(), " ", ("x"):trim(), " ", tostring(table.insert), "\n") end
function callbacks.flowDelete() io.write("a ", count, " ", tostring(_G.other), "\n") end
return callbacks
