-- Two gotos that jump to each other.
local M = {}
function M.flowCreate()
  do
    ::a::
    goto b
    ::b::
    goto a
  end
end
return M
