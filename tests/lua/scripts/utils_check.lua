local dirs = ntop.getDirs()
package.path = dirs.installdir .. "/scripts/lua/modules/?.lua;" .. package.path
require "lua_utils"

local callbacks = {}

local function same(got, expected, what)
   if got ~= expected then error((what or "") .. " gave " .. tostring(got) .. ", expected " .. tostring(expected), 2) end
end

local function fields(list, expected)
   same(#list, #expected)
   for k, value in ipairs(expected) do same(list[k], value) end
end

function callbacks.flowCreate()
   same(bytesToSize(0), "0 Bytes") same(bytesToSize(1), "1 Byte") same(bytesToSize(1536), "1.5 KB")
   same(bytesToSize(1234567890), "1.15 GB") same(bytesToSize(2 ^ 41), "2 TB") same(bytesToSize(nil), "0") same(bytesToSize("1536"), "1.5 KB")
   same(bitsToSize(1500), "1.5 kbit/s") same(bitsToSize(10), "10 bit/s") same(pktsToSize(1500), "1.5 Kpps")
   same(formatValue(1234567), "1,234,567") same(formatValue(123), "123") same(formatValue(-1234.5), "-1,234.5")
   same(formatPackets(1), "1 Pkt") same(formatPackets(1234), "1,234 Pkts") same(formatFlows(2), "2 Flows")
   same(round(1.2345, 2), 1.23) same(round(2.5), 3)
   same(secondsToTime(0), "0 sec") same(secondsToTime(0.5), "< 1 sec") same(secondsToTime(61), "1 min, 1 sec")
   same(secondsToTime(3661), "1 h, 1 min, 1 sec") same(secondsToTime(90061), "1 day, 1 h, 1 min, 1 sec") same(secondsToTime("x"), "")
   same(msToTime(0.2), "< 1 ms") same(msToTime(12.34567), "12.3457 ms") same(msToTime(1500), "1 sec")
   same(formatEpoch(86400 * 365):match("^%d%d/%d%d/19%d%d ") ~= nil, true)
   same(starts("abc", "ab"), true) same(ends("abc", "bc"), true) same(startswith("abc", "ab"), false) same(startswith("abc", "abc"), true)
   same(string.starts(nil, "a"), false) same(("abc"):ends("c"), true) same(("a1c"):contains("%d"), true) same(string.contains(7, "7"), false)
   fields(split("a,b,,c", ","), { "a", "b", "", "c" })
   same(("abc"):split(","), nil) fields(("a,b"):split(","), { "a", "b" })
   same(strsplit("a,b", ",").b, true)
   same(trimSpace("  a b "), "a b") same(capitalize("abc"), "Abc") same(firstToUpper("abc"), "Abc") same(isEmptyString(nil), true)
   same(isEmptyString(""), true) same(isEmptyString("x"), false) same(shortenString("short"), "short")
   same(shortenString(("x"):rep(30)), ("x"):rep(24) .. "...")
   same(shortHostName("10.0.0.1"), "10.0.0.1") same(shortHostName("AA:BB:CC:DD:EE:FF"), "AA:BB:CC:DD:EE:FF")
   same(shortHostName(("h"):rep(23)), ("h"):rep(23)) same(shortHostName(("h"):rep(24)), ("h"):rep(24) .. "...")
   same(isIPv4("1.2.3.4"), true) same(isIPv4("1.2.3.400"), false) same(isIPv6("fe80::1"), true) same(isIPv6("AA:BB:CC:DD:EE:FF"), false)
   same(isMacAddress("AA:BB:CC:DD:EE:FF"), true) same(isBroadcastMulticast("224.0.0.251"), true) same(isBroadcastMulticast("10.0.0.1"), false)
   same(intToIPv4(167772161), "10.0.0.1") same(ntop.inet_ntoa(3232235521), "192.168.0.1")
   local f = flow.dump()
   same(hostinfo2hostkey(f, "cli"), "10.0.0.1") f.vlan = 7 same(hostinfo2hostkey(f, "srv"), "10.0.0.200@7")
   same(hostkey2hostinfo("10.0.0.1@7").vlan, 7) same(stripVlan("10.0.0.1@7"), "10.0.0.1") same(flowinfo2hostname(f, "cli"), "10.0.0.1")
   same(bit(3), 4) same(hasbit(5, 4), true) same(setbit(1, 4), 5) same(clearbit(5, 4), 1) same(require("bit").band(6, 3), 2)
   same(TCPFlags2table(18).SYN, 1) same(TCPFlags2table(18).FIN, 0)
   local master, app = splitProtocol("TLS.Google") same(master, "TLS") same(app, "Google") same(splitProtocol("DNS"), "DNS")
   same(getFlowStatus(0), "Normal") same(getFlowStatus(9):find("TCP connection refused", 1, true) ~= nil, true)
   same(l4Label("tcp"), "TCP") same(getICMPTypeCode({ type = 8, code = 0 }), "Echo Request")
   same(table.len({ a = 1, 2 }), 2) same(table.empty({}), true) fields(table.slice({ 1, 2, 3, 4 }, 2, 3), { 2, 3 })
   same(table.merge({ a = 1 }, { a = 2, b = 3 }).a, 2) same(table.clone({ a = { b = 1 } }).a.b, 1)
   same(isin("x", { "y", "x" }), true) same(hasKey("a", { a = 1 }), true) same(tmax({ 3, 9, 2 }), 9) same(tmin({ 3, 9, 2 }), 2)
   same(toboolean("true"), true) same(toboolean("0"), false) same(ternary(false, 1, 2), 2)
   local json = require "json"
   same(json.encode({ b = { 1, 2, "x" }, a = true, c = "\"\n" }), '{"a":true,"b":[1,2,"x"],"c":"\\"\\n"}')
   same(json.decode('{"a":[1,2.5e1,{"b":null}],"c":"\\u00e9\\ud83d\\ude00"}').a[2], 25)
   same(json.decode('{"c":"\\u00e9\\ud83d\\ude00"}').c, "\195\169\240\159\152\128")
   for _, wrong in ipairs({ "", "{", "[1,]", "01", "nul", '"\\x"', "1 2", '{"a" 1}', "[" .. ("["):rep(200) }) do
      same(pcall(json.decode, wrong), false, wrong)
   end
   same(select(2, require("dkjson").decode("[1,")), 4)
   io.write("all well\n")
end

return callbacks
