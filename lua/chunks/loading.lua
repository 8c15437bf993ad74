-- `load` and its kin: text only, compiled as a script's own is, in the script's environment. To compile takes 25 ns a byte, in one go.
local host, compile = ...
local spend, refuse = host.bounded.spend, host.bounded.refuse
local longest = 65536 -- bytes of a text; files of the allowed folders may be as long as they are
local error, type, tostring, concat = error, type, tostring, table.concat

--- Adds them to `env`. `read(path)` gives a file's text or nil; `remark` ends the message for a file that can't be read.
return function(env, read, remark)
  function env.loadstring(text, chunk)
    if type(text) ~= "string" then error("bad argument #1 to 'loadstring' (string expected, got " .. type(text) .. ")", 2) end
    if #text > longest then refuse("load gets too long a text") end
    spend(#text * 5)
    return compile(text, type(chunk) == "string" and chunk or text, env)
  end
  function env.load(text, chunk)
    if type(text) == "function" then
      local pieces, size = {}, 0
      for piece in text do
        if type(piece) ~= "string" then return nil, "reader function must return a string" end
        if piece == "" then break end
        pieces[#pieces + 1] = piece
        size = size + #piece
        if size > longest then refuse("load gets too long a text") end
        spend(20)
      end
      text, chunk = concat(pieces), chunk or "=(load)"
    end
    return env.loadstring(text, chunk)
  end
  function env.loadfile(path)
    local text = read(path)
    if not text then return nil, "cannot open " .. tostring(path) .. remark end
    return compile(text, "@" .. path, env)
  end
  function env.dofile(path)
    local made, message = env.loadfile(path)
    if not made then error(message, 2) end
    return made()
  end
end
