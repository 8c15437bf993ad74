-- Decides nothing: there is no flow yet while the file is loaded.
local early = {n = select("#", flow.dump()), proto = flow.getNdpiProto()}
return {flowCreate = function() io.write("early ", early.n, " ", tostring(early.proto), "\n") end}
