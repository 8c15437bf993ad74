#!/usr/bin/lua while true do end
-- Words and brackets where they mean nothing: in strings, in comments, and numbers that look like names.
local a = "while true do end" .. 'repeat "until"' .. "\"function()\" \\" .. '\'' .. "\z
   do" .. "line\
break goto x"
local b = [[for do ]] .. [==[ ]] ]=] function ( ]==] .. [[
first newline is dropped]]
--[[ while true do ]] local c = 1 --[==[ function ]] (
]==] local d = 2 --[= repeat
--[
local e = 0x1p4 + 1e+2 + .5e-1 + 3. + 0XA.8P-1 + 1E5 + 0xep1
local f = 1 ..2
local g = a[b] == nil and {[ [[key]] ] = [=[value]=]}
local long = {1LL + 2ULL == 3LL, 2i ~= 1i, 0x7fLL}
local h = #a-#b--comment
local i = - -1
local s = "tail"local t = 5 -- no space between
local done = function()end
local andy, do_it, endless, _while, function_ = 1, 2, 3, 4, 5
print(a, b, c, d, e, f, g.key, h, i, s, t, done(), andy + do_it + endless + _while + function_, tostring(long[1]), #long)
print(debug.getinfo(1, "l").currentline, select(2, pcall(error, "where", 1)))
return "end" -- the last line has no newline