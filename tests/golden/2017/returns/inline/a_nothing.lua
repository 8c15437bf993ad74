local callbacks = {}
function callbacks.flowCreate() end
