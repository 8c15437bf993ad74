---@meta
-- What a script of flowactors finds, for LuaLS. The fields of flow come from the list in lua/flow_fields.hpp.

---The flow at hand: valid during its callback only.
---@class flow
-- BEGIN fields
-- END fields
---@field data table A table of this script for this flow, dropped when the flow ends.
local flow = {}

---A plain table of all fields, which lasts.
---@return table
function flow.copy() end

---All that the API of 2017 knew of the flow, under its old keys.
---@return table
function flow.dump() end
---@return string
function flow.getNdpiProto() end
---@return number
function flow.getNdpiProtoId() end
---@return string
function flow.getNdpiCategory() end
---@return number
function flow.getFirstSeen() end
---@return number
function flow.getLastSeen() end
---@return string
function flow.getServerName() end
---@return string?
function flow.getHTTPUrl() end
---@return string?
function flow.getHTTPContentType() end

---What a script returns.
---@class callbacks
---@field flowCreate? fun(flow: flow) At the first packet.
---@field flowProtocolDetected? fun(flow: flow) Once detection is done.
---@field flowUpdate? fun(flow: flow) At each update interval.
---@field flowDelete? fun(flow: flow) When the flow has ended.
---@field setup? fun(args: {context: string}) Before the first event.
---@field interval? number Seconds of packet time between ticks; 1 without it.
---@field tick? fun(now: number) When an interval of packet time is over.
---@field teardown? fun() After the last event.
---@field save? fun(): table? Before a reload.
---@field restore? fun(saved: table) After a reload, with what save gave.
---@field message? fun(value: any) For what another script has sent.

---Writes a table as one line of JSON.
---@param value table
function emit(value) end

---Sends a copy of a value to `message` of the other scripts of a context. False if it was dropped.
---@param context string
---@param value any
---@return boolean
function send(context, value) end

---Packet time, seconds since 1970.
---@return number
function now() end

---@class log
log = {}
---@param text string
function log.debug(text) end
---@param text string
function log.info(text) end
---@param text string
function log.warning(text) end
---@param text string
function log.error(text) end
