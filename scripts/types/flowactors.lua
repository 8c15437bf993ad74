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

-- Helpers ------------------------------------------------------------------------------------------------------------------------------

---Options of window_counter.
---@class window_counter_options
---@field window? number Seconds that a sum reaches back; 60.
---@field buckets? number Parts of the window; 12.
---@field max_keys? number 65536.
---@field from? string What save() gave.

---How many, or how much, per key within the last while.
---@class window_counter_object
local counter = {}

---Adds n (1); gives the sum in the window that ends now.
---@param key string|number
---@param n? number
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function counter:add(key, n, when) end

---The sum; 0 if there is none.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function counter:count(key, when) end

---Keys with something in their window; looks at all of them.
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function counter:size(when) end

---Forgets everything.
function counter:clear() end

---Keys that made way for others.
---@return number
function counter:evicted() end

---The state as bytes, for `from`.
---@return string
function counter:save() end

---Counts per key within a window of time (docs/helpers.md).
---@param options? window_counter_options
---@return window_counter_object
function window_counter(options) end

---Options of distinct.
---@class distinct_options
---@field window? number Seconds; 60; 0 = nothing is forgotten.
---@field max_keys? number 4096.
---@field precision? number 4 to 16; 12.
---@field from? string What save() gave.

---How many different values per key.
---@class distinct_object
local set_of_values = {}

---Notes a value; gives how many different ones the key had.
---@param key string|number
---@param value string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function set_of_values:add(key, value, when) end

---How many different values the key had; 0 if there is none.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function set_of_values:count(key, when) end

---Keys with a value in their window; looks at all of them.
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function set_of_values:size(when) end

---Forgets everything.
function set_of_values:clear() end

---Keys that made way for others.
---@return number
function set_of_values:evicted() end

---The state as bytes, for `from`.
---@return string
function set_of_values:save() end

---Counts different values per key, estimated beyond 64 (docs/helpers.md).
---@param options? distinct_options
---@return distinct_object
function distinct(options) end

---The greatest among any number of keys.
---@class top_k_object
local top = {}

---Adds n (1).
---@param key string|number
---@param n? number
function top:add(key, n) end

---The n greatest, or all.
---@param n? number
---@return {key: string|number, count: number, error: number}[]
function top:list(n) end

---Keys that are there.
---@return number
function top:size() end

---The sum of everything that was added.
---@return number
function top:total() end

---Forgets everything.
function top:clear() end

---The state as bytes, for `from`.
---@return string
function top:save() end

---Keeps the greatest keys (docs/helpers.md).
---@param options? {k?: number, from?: string}
---@return top_k_object
function top_k(options) end

---What was seen before.
---@class expiring_set_object
local seen = {}

---True if the key was not there.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return boolean
function seen:add(key, when) end

---True if the key is there.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return boolean
function seen:has(key, when) end

---True if the key was there.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return boolean
function seen:remove(key, when) end

---Keys that are there; looks at all of them.
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function seen:size(when) end

---Forgets everything.
function seen:clear() end

---Keys that made way for others.
---@return number
function seen:evicted() end

---The state as bytes, for `from`.
---@return string
function seen:save() end

---Remembers keys for a while (docs/helpers.md).
---@param options? {ttl?: number, max?: number, refresh?: boolean, from?: string}
---@return expiring_set_object
function expiring_set(options) end

---A value per key for a while.
---@class expiring_map_object
local map = {}

---The key's time begins anew.
---@param key string|number
---@param value string|number|boolean
---@param when? number Seconds since 1970; packet time if left out.
function map:set(key, value, when) end

---The value, or nil.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return string|number|boolean|nil
function map:get(key, when) end

---True if the key was there.
---@param key string|number
---@param when? number Seconds since 1970; packet time if left out.
---@return boolean
function map:remove(key, when) end

---Keys that are there; looks at all of them.
---@param when? number Seconds since 1970; packet time if left out.
---@return number
function map:size(when) end

---Forgets everything.
function map:clear() end

---Keys that made way for others.
---@return number
function map:evicted() end

---The state as bytes, for `from`.
---@return string
function map:save() end

---Remembers values for a while (docs/helpers.md).
---@param options? {ttl?: number, max?: number, from?: string}
---@return expiring_map_object
function expiring_map(options) end

---Networks, and which of them an address is in.
---@class prefix_set_object
local networks = {}

---Adds a network or an address, or gives it another label.
---@param cidr string
---@param label? string|number|boolean
function networks:add(cidr, label) end

---The label of the smallest network that the address is in, or the network; nil if there is none.
---@param ip string
---@return string|number|boolean|nil
function networks:match(ip) end

---True if the network was there.
---@param cidr string
---@return boolean
function networks:remove(cidr) end

---Networks that are there.
---@return number
function networks:size() end

---Forgets everything.
function networks:clear() end

---The state as bytes, for `from`.
---@return string
function networks:save() end

---Networks, alone or with labels: {"10.0.0.0/8", ["192.168.7.0/24"] = "lab"} (docs/helpers.md).
---@param networks? table
---@return prefix_set_object
function prefix_set(networks) end

---JSON (docs/helpers.md).
---@class json
json = {}

---The value as text on one line.
---@param value any
---@return string
function json.encode(value) end

---The value; or nil and what is wrong.
---@param text string
---@return any value
---@return string? fault
function json.decode(text) end

-- The API of 2017 -------------------------------------------------------------------------------------------------------------------

---The machine and the cache, as scripts of 2017 know them. Names that are not offered do nothing.
---@class ntop
ntop = {}

---installdir, workingdir, scriptdir, httpdocsdir, callbacksdir.
---@return table<string, string>
function ntop.getDirs() end

---True for a folder of the installation.
---@param path string
---@return boolean
function ntop.isdir(path) end

---True if it is in the installation.
---@param path string
---@return boolean
function ntop.exists(path) end

---True for a file that holds something.
---@param path string
---@return boolean
function ntop.notEmptyFile(path) end

---Seconds since 1970; -1 if there is no such file.
---@param path string
---@return number
function ntop.fileLastChange(path) end

---Names in a folder, each to itself.
---@param path string
---@return table<string, string>
function ntop.readdir(path) end

---True if the folder was made; 100 at most.
---@param path string
---@return boolean
function ntop.mkdir(path) end

---Name of a service.
---@param port number
---@param protocol? string
---@return string
function ntop.getservbyport(port, protocol) end

---An address from its number.
---@param number number
---@return string
function ntop.inet_ntoa(number) end

---Sends a datagram; the host is an address. True if it left.
---@param host string
---@param port number
---@param data string
---@return boolean
function ntop.send_udp_data(host, port, data) end

---Seconds since 1970 by the clock, with a fraction.
---@return number
function ntop.gettimemsec() end

---Seconds that the program runs.
---@return number
function ntop.getUptime() end

---Product, version and the like.
---@return table<string, any>
function ntop.getInfo() end

---False.
---@return boolean
function ntop.isPro() end

---False.
---@return boolean
function ntop.isEnterprise() end

---False.
---@return boolean
function ntop.isWindows() end

---False.
---@return boolean
function ntop.hasGeoIP() end

---False.
---@return boolean
function ntop.hasVLANs() end

---False.
---@return boolean
function ntop.verboseTrace() end

---Nothing.
---@return table
function ntop.getSiteCategories() end

---A line in the log.
---@param is_error boolean|number
---@param message string
function ntop.syslog(is_error, message) end

---The address itself: nothing is resolved.
---@param address string
---@return string
function ntop.getResolvedName(address) end

---The local network of that number, "" if there is none.
---@param id number
---@return string
function ntop.getNetworkNameById(id) end

---Networks of the settings, each with "".
---@return table<string, string>
function ntop.getLocalNetworks() end

---"" if there is none.
---@param key string
---@return string
function ntop.getCache(key) end

---Keeps a text, for a while if seconds are given.
---@param key string
---@param value string
---@param seconds? number
---@return string
function ntop.setCache(key, value, seconds) end

---Forgets a key.
---@param key string
function ntop.delCache(key) end

---Keys that a pattern with * and ? fits, each with ""; nil if there is none.
---@param pattern string
---@return table<string, string>?
function ntop.getKeysCache(pattern) end

---"" if there is none.
---@param key string
---@param field string
---@return string
function ntop.getHashCache(key, field) end

---Keeps a text under a field of a key.
---@param key string
---@param field string
---@param value string
---@return string
function ntop.setHashCache(key, field, value) end

---Forgets a field.
---@param key string
---@param field string
function ntop.delHashCache(key, field) end

---Fields and their texts; nil if there is none.
---@param key string
---@return table<string, string>?
function ntop.getHashAllCache(key) end

---Fields, each with ""; nil if there is none.
---@param key string
---@return table<string, string>?
function ntop.getHashKeysCache(key) end

---Adds a member to a set.
---@param key string
---@param member string
function ntop.setMembersCache(key, member) end

---Takes a member out of a set.
---@param key string
---@param member string
function ntop.delMembersCache(key, member) end

---Members of a set; nil if there is none.
---@param key string
---@return string[]?
function ntop.getMembersCache(key) end

---Puts a text at the head of a list, which keeps so many at most.
---@param key string
---@param value string
---@param longest? number
---@return string
function ntop.lpushCache(key, value, longest) end

---Takes the text at the head of a list; nil if there is none.
---@param key string
---@return string?
function ntop.lpopCache(key) end

---Texts of a list, counted from 0; nil if there is none.
---@param key string
---@param from? number
---@param to? number
---@return string[]?
function ntop.lrangeCache(key, from, to) end

---As getCache.
---@param key string
---@return string
function ntop.getPref(key) end

---As setCache.
---@param key string
---@param value string
---@return string
function ntop.setPref(key, value) end

---What flows come from, as scripts of 2017 know it. Names that are not offered do nothing.
---@class interface
interface = {}

---"Unknown" if there is none.
---@param id number
---@return string
function interface.getnDPIProtoName(id) end

----1 if there is none.
---@param name string
---@return number
function interface.getnDPIProtoId(name) end

---"Unrated" if there is none.
---@param id number
---@return string
function interface.getnDPIProtoBreed(id) end

---Numbers by name, as texts.
---@return table<string, string>
function interface.getnDPIProtocols() end

---Numbers by name, as texts.
---@return table<string, string>
function interface.getnDPICategories() end

---Does nothing: there is one interface.
---@param name? string
function interface.select(name) end

---True.
---@return boolean
function interface.isPacketInterface() end

---True.
---@return boolean
function interface.isRunning() end

---False.
---@return boolean
function interface.isIdle() end

---Nothing, as scripts of 2017 hand it on.
---@type userdata
global_flow = nil
---The name of the context: "inline" or that of the settings.
---@type string
script_context = ""
