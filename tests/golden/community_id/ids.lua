-- Decides nothing: writes down the community ID of each flow.
return {flowDelete = function(flow) io.write(flow.cli_ip, " ", flow.srv_port, " ", flow.community_id, "\n") end}
