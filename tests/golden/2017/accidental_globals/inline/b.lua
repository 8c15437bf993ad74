-- Decides nothing: forgets the word local in the same places.
count = 10
function helper() return "b" end
other = true
callbacks = {}
function callbacks.flowCreate() count = count + 1 io.write("b ", count, " ", helper(), " ", tostring(string.trim), " ", type(table.insert), "\n") end
return callbacks
