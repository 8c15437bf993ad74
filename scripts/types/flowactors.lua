---@meta
-- What a script of flowactors finds, for LuaLS. The fields of flow come from the list in lua/flow_fields.hpp.

---The flow at hand: valid during its callback only.
---@class flow
-- BEGIN fields
---@field id number Number of the flow: that of the packet that began it, counted from 1. No other flow of the run has it.
---@field first_seen number Packet time of the first packet. Unit: s since 1970.
---@field last_seen number Packet time of the last packet. Unit: s since 1970.
---@field duration number Time from the first packet to the last. Unit: s.
---@field cli_ip string Address of the client: the side that opened the flow.
---@field cli_port number Port of the client; 0 without ports.
---@field srv_ip string Address of the server.
---@field srv_port number Port of the server; 0 without ports.
---@field cli_mac string Hardware address of the client's packets, "AA:BB:CC:DD:EE:FF".
---@field srv_mac string Hardware address of the server's packets.
---@field cli_local boolean True if the client is in one of [flows] local_networks.
---@field srv_local boolean True if the server is in one of [flows] local_networks.
---@field vlan number VLAN tag; 0 without one.
---@field ip_version number 4 or 6.
---@field ttl number Time to live (hop limit) of the first packet.
---@field l4 string IP protocol: "TCP", "UDP", "ICMP"; its number as text without a name.
---@field proto string What was detected, with its carrier: "TLS.Google"; "Unknown" until then.
---@field app string The application alone: "Google"; "Unknown" until it is detected.
---@field master? string The protocol that carries the application: "TLS". Present once an application inside another protocol is detected.
---@field category string Category of the application: "Web".
---@field breed string How trustworthy the application is: "Safe", "Unsafe".
---@field confidence string How the application was found: "DPI", "Match by port".
---@field risk number Bit n is set if risk n was found; see risks for their names. Unit: bits.
---@field risks string[] Names of the risks found.
---@field risk_score number Weight of all risks found; 0 without one.
---@field cli_packets number Packets from the client. Unit: packets.
---@field srv_packets number Packets from the server. Unit: packets.
---@field packets number Packets in both directions. Unit: packets.
---@field cli_bytes number Bytes on the wire from the client, link headers included. Unit: bytes.
---@field srv_bytes number Bytes on the wire from the server. Unit: bytes.
---@field bytes number Bytes on the wire in both directions. Unit: bytes.
---@field cli_payload number Bytes above the transport header from the client. Unit: bytes.
---@field srv_payload number Bytes above the transport header from the server. Unit: bytes.
---@field server_name? string TLS or QUIC server name, HTTP host, or the name that another dissector found. Present once a name was seen.
---@field http_method? string Method of the last request: "GET". Present once an HTTP request was seen.
---@field http_url? string Path and query of the last request. Present once an HTTP request was seen.
---@field http_host? string Host of the last request. Present once an HTTP request with a host was seen.
---@field http_user_agent? string User-Agent of the client. Present once a request had one.
---@field http_content_type? string Content-Type of the response, without parameters. Present once a response had one.
---@field http_status? number Status of the last response. Present once an HTTP response was seen.
---@field dns_query? string Name that the last query asked for. Present once a DNS query was seen.
---@field dns_type? number Type of the last query: 1 = A, 28 = AAAA. Present once a DNS query was seen.
---@field dns_code? number Code of the last reply: 0 = no error, 3 = no such name; 0 before a reply. Present once a DNS query was seen.
---@field tls_sni? string Server name that the client asked for. Present once the client named a server.
---@field tls_version? number Version as on the wire: 0x0303 = TLS 1.2, 0x0304 = TLS 1.3. Present once the server chose one.
---@field tls_cipher? number Number of the cipher suite that the server chose. Present once the server chose one.
---@field tls_alpn? string Application protocols that were offered, comma separated: "h2,http/1.1". Present once the client offered any.
---@field tls_server_names? string Alternative names of the server's certificate, comma separated. Present once a certificate was seen.
---@field tls_issuer? string Issuer of the server's certificate. Present once a certificate was seen.
---@field tls_subject? string Subject of the server's certificate. Present once a certificate was seen.
---@field ja3_client? string JA3 fingerprint of the client, 32 hexadecimal digits. Present once a TLS client hello was seen.
---@field ja3_server? string JA3S fingerprint of the server. Present once a TLS server hello was seen.
---@field ssh_client? string Signature of the client: "SSH-2.0-OpenSSH_9.2". Present once an SSH client spoke.
---@field ssh_server? string Signature of the server. Present once an SSH server spoke.
---@field hassh_client? string HASSH fingerprint of the client. Present once an SSH client offered its algorithms.
---@field hassh_server? string HASSH fingerprint of the server. Present once an SSH server offered its algorithms.
---@field bittorrent_hash? string Hash of what is shared, 40 hexadecimal digits. Present once a BitTorrent handshake was seen.
---@field icmp_type? number Type of the first message. Present ICMP.
---@field icmp_code? number Code of the first message. Present ICMP.
---@field tcp_state? string Where the connection stands: "syn_sent", "syn_received", "established", "closing", "closed", "reset", "midstream". Present TCP.
---@field established? boolean True once the handshake was seen whole. Present TCP.
---@field cli_flags? number All flags of the client together: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. Unit: bits. Present TCP.
---@field srv_flags? number All flags of the server together. Unit: bits. Present TCP.
---@field client_rtt? number Round trip between here and the client. Unit: ms. Present TCP, once the handshake was seen.
---@field server_rtt? number Round trip between here and the server. Unit: ms. Present TCP, once the SYN was answered.
---@field response_time? number Time from the client's request to the first data of the server. Unit: ms. Present TCP, once the server answered with data.
---@field cli_retransmissions? number Packets of the client with nothing but bytes seen before. Unit: packets. Present TCP.
---@field srv_retransmissions? number Packets of the server with nothing but bytes seen before. Unit: packets. Present TCP.
---@field cli_out_of_order? number Packets of the client that filled a gap. Unit: packets. Present TCP.
---@field srv_out_of_order? number Packets of the server that filled a gap. Unit: packets. Present TCP.
---@field cli_lost? number Packets of the client that jumped ahead. Unit: packets. Present TCP.
---@field srv_lost? number Packets of the server that jumped ahead. Unit: packets. Present TCP.
---@field cli_zero_windows? number Times that the client's receive window closed. Present TCP.
---@field srv_zero_windows? number Times that the server's receive window closed. Present TCP.
---@field tunnel? string Innermost tunnel: "gre", "vxlan", "gtp", "ipip", "6in4", "capwap", "tzsp". Present in a tunnel.
---@field tunnel_id? number Key, VNI or TEID of the tunnel. Present in a tunnel.
---@field end_reason? string Why the flow ended. Present in flowDelete.
---@field community_id string Community ID 1.0: the same text in every tool that knows it.
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
