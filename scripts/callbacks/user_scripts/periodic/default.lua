-- Decides nothing: the start of your own periodic script. Copy it ("cp default.lua my_script.lua") and fill in what you need.
--
-- These scripts run beside the capture, in a Lua VM of their own, where the settings have a section [context.periodic]. Events come
-- in batches, a little later than they happened (docs/contexts.md); what takes long here holds up no packet of an interface. All files of
-- this folder are loaded, in name order; send SIGHUP to load them anew.
--
-- Only a callback that is there costs anything. Take away the comment signs of those that you need.

local callbacks = {}

-- While a flow lives: each [flows] update_every (5 s) of packet time, if it had packets since. flow.cli_bytes_per_s and the like are of that
-- interval.
-- function callbacks.flowUpdate(flow)
-- end

-- The flow has ended: idle, closed, reset, evicted, or the input is at its end (flow.end_reason).
-- function callbacks.flowDelete(flow)
-- end

-- flowCreate and flowProtocolDetected are called here, too, as in inline/; and setup, tick, save, restore, teardown and message.

return callbacks
