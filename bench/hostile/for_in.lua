-- A generic loop over an iterator without an end.
local M = {}
function M.flowCreate()
  for i in function(_, k) return (k or 0) + 1 end do end
end
return M
