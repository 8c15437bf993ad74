local callbacks = {}

function callbacks.flowProtocolDetected()
   local url = flow.getHTTPUrl()
   if url == nil then
      return -- not known yet
   elseif url == "" then
      io.write("not http\n")
      return
   end
   local f = flow.dump()
   io.write(f["protos.http.last_method"] .. " " .. f["protos.http.server_name"] .. url .. " " .. flow.getHTTPContentType() .. "\n")
end

return callbacks
