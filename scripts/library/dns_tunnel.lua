-- Tells of what looks like data in DNS: many long names under one domain, one flow with many long questions, or questions
-- of types that only tunnels ask for. Once an hour for each client and domain.
local least_names, least_extra, within = 50, 25, 60   -- different names, bytes that they add to the domain on average
local least_questions, least_question = 50, 100       -- in one flow: packets, bytes of each on average
local tunnel_types = {[10] = "NULL", [65399] = "PRIVATE"}
local exempt = {["mcafee.com"] = true, ["sophosxl.net"] = true, arpa = true} -- who asks so with good reason
local names, extra = distinct{window = within}, window_counter{window = within}
local told = expiring_set{ttl = 3600, refresh = false}
local M = {}

-- The domain that somebody has registered: two labels, or three as in example.co.uk.
local function domain_of(name)
  local last = name:match("[^.]+$") or name
  local two = name:match("[^.]+%.[^.]+$") or name
  if last == "arpa" then return last end
  if #last == 2 and #two <= 6 then return name:match("[^.]+%.[^.]+%.[^.]+$") or two end
  return two
end

local function look(flow, ends)
  local query = flow.dns_query
  if not query or (flow.master or flow.app) ~= "DNS" then return end
  local domain = domain_of(query)
  if exempt[domain] then return end
  local key, sign = flow.cli_ip .. " " .. domain, nil
  local questions, bytes = flow.cli_packets, flow.cli_payload
  if tunnel_types[flow.dns_type] then
    sign = "questions of type " .. tunnel_types[flow.dns_type]
  elseif questions >= least_questions and bytes >= questions * least_question then
    sign = questions .. " questions of " .. math.floor(bytes / questions) .. " bytes in a flow"
  elseif ends then
    local different, added = names:add(key, query), extra:add(key, #query - #domain)
    if different >= least_names and added >= different * least_extra then
      sign = different .. " names with " .. math.floor(added / different) .. " bytes before the domain"
    end
  end
  if sign and told:add(key) then
    emit{alert = "DNS tunnel suspected", sign = sign, domain = domain, src_ip = flow.cli_ip, dest_ip = flow.srv_ip, last_query = query}
  end
end

function M.flowUpdate(flow) look(flow, false) end

function M.flowDelete(flow) look(flow, true) end

return M
