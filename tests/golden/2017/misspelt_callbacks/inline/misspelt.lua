-- Decides nothing: misspells its callbacks.
return {flowCreated = function() end, flow_create = function() end, FlowDelete = function() end, flowProtocolDetect = function() end,
  protocolDetected = function() end, helper = function() end, flowUpdate = 1}
