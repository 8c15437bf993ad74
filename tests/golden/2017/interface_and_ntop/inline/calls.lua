-- Decides nothing: asks interface and ntop.
local callbacks = {}

function callbacks.flowDelete()
  local f = flow.dump()
  interface.select("eth0")
  io.write(interface.getnDPIProtoName(f["proto.ndpi_id"]), " ", interface.getnDPIProtoId("DNS"), " ", interface.getnDPIProtoId("none"), " ",
    interface.getnDPIProtoBreed(5), " ", interface.getnDPIProtocols()["HTTP"], " ", interface.getnDPICategories()["Web"], "\n")
  io.write(ntop.getNetworkNameById(f["cli.network_id"]), " ", ntop.getResolvedName(f["srv.ip"]), " ", ntop.getservbyport(80, "tcp"), " ",
    ntop.inet_ntoa(f["cli.key"]), " ", tostring(ntop.isPro()), " ", tostring(ntop.isdir(ntop.getDirs().installdir)), " ",
    ntop.getInfo().product, " ", tostring(ntop.gettimemsec() > 1.6e9), "\n")
  local list = {}
  for name in pairs(ntop.readdir(ntop.getDirs().callbacksdir .. "/user_scripts/inline")) do list[#list + 1] = name end
  io.write(table.concat(list, " "), "\n")
end

return callbacks
