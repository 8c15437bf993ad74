-- Decides nothing: prints.
local callbacks = {}

function callbacks.flowCreate()
  print("a text", "and one more")
  print("")
  print(1)
  print(1.5)
  print(nil)
  print({})
  print(true)
  print()
  ntop.syslog(0, "by syslog")
  ntop.syslog(1, "an error by syslog")
end

return callbacks
