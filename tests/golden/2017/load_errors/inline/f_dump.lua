local f = flow.dump()
local ip = f["cli.ip"]
return {}
