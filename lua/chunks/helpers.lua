-- Puts the helpers' hottest methods within the compiler's reach: for texts as keys, by packet time, they go through FFI, which
-- traces contain. Everything else, and what fails, goes to the methods in C, which say what is wrong. Not used without the JIT.
local host = ...
local ffi = require "ffi"
local type = type

local function parts(name)
  local meta = debug.getmetatable(host.helpers[name]())
  return meta.__index, meta.known -- the methods; every object of this kind
end
local function call(name, signature) return ffi.cast(signature, host.helper_calls[name]) end

do
  local methods, known = parts "window_counter"
  local add, count = call("window_counter_add", "double (*)(void *, const char *, size_t, double)"),
    call("window_counter_count", "double (*)(void *, const char *, size_t)")
  local any_add, any_count = methods.add, methods.count
  function methods.add(counter, key, n, when)
    if known[counter] and type(key) == "string" and when == nil and (n == nil or type(n) == "number") then
      local sum = add(counter, key, #key, n or 1)
      if sum == sum then return sum end
    end
    return any_add(counter, key, n, when)
  end
  function methods.count(counter, key, when)
    if known[counter] and type(key) == "string" and when == nil then
      local sum = count(counter, key, #key)
      if sum == sum then return sum end
    end
    return any_count(counter, key, when)
  end
end

do
  local methods, known = parts "distinct"
  local add_text, add_number = call("distinct_add", "double (*)(void *, const char *, size_t, const char *, size_t)"),
    call("distinct_add_number", "double (*)(void *, const char *, size_t, double)")
  local any_add = methods.add
  function methods.add(counter, key, value, when)
    if known[counter] and type(key) == "string" and when == nil then
      local kind, number = type(value), nil
      if kind == "string" then
        number = add_text(counter, key, #key, value, #value)
      elseif kind == "number" then
        number = add_number(counter, key, #key, value)
      end
      if number and number == number then return number end
    end
    return any_add(counter, key, value, when)
  end
end

do
  local methods, known = parts "top_k"
  local add = call("top_k_add", "int32_t (*)(void *, const char *, size_t, double)")
  local any_add = methods.add
  function methods.add(top, key, n)
    if known[top] and type(key) == "string" and (n == nil or type(n) == "number") and add(top, key, #key, n or 1) == 0 then return end
    return any_add(top, key, n)
  end
end

do
  local methods, known = parts "expiring_set"
  local add, has = call("expiring_set_add", "int32_t (*)(void *, const char *, size_t)"),
    call("expiring_set_has", "int32_t (*)(void *, const char *, size_t)")
  local any_add, any_has = methods.add, methods.has
  function methods.add(set, key, when)
    if known[set] and type(key) == "string" and when == nil then
      local is_new = add(set, key, #key)
      if is_new >= 0 then return is_new == 1 end
    end
    return any_add(set, key, when)
  end
  function methods.has(set, key, when)
    if known[set] and type(key) == "string" and when == nil then
      local is_there = has(set, key, #key)
      if is_there >= 0 then return is_there == 1 end
    end
    return any_has(set, key, when)
  end
end
