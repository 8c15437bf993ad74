-- Decides nothing: the start of your own inline script. Copy it ("cp default.lua my_script.lua") and fill in what you need.
--
-- Inline callbacks run in the capture, at the packet that causes them, with the global table `flow` standing for that packet's
-- flow. What takes long here makes the capture fall behind. docs/fields.md lists what flow.dump() and the other methods give.
-- All files of this folder are loaded, in name order; send SIGHUP to load them anew.

local callbacks = {}

-- The first packet of a flow has come. Its protocol is not known yet.
function callbacks.flowCreate()
end

-- The application protocol is known; or nDPI has seen enough packets and guessed or given up; for HTTP again with each response
-- that names its content type. A flow that ends before (a scan, an unanswered connection) is labelled by a guess at its end,
-- which only flowDelete sees.
function callbacks.flowProtocolDetected()
end

-- The flow has ended: idle, closed, reset, evicted, or the input is at its end (flow.dump()["end.reason"]).
function callbacks.flowDelete()
end

return callbacks
