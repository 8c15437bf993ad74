-- `load` and its kin: text only, compiled as a script's own is, in the script's environment.
local compile = ...
local error, type, tostring, concat = error, type, tostring, table.concat

--- Adds them to `env`. `read(path)` gives a file's text or nil; `remark` ends the message for a file that can't be read.
return function(env, read, remark)
  function env.loadstring(text, chunk)
    if type(text) ~= "string" then error("bad argument #1 to 'loadstring' (string expected, got " .. type(text) .. ")", 2) end
    return compile(text, type(chunk) == "string" and chunk or text, env)
  end
  function env.load(text, chunk)
    if type(text) == "function" then
      local pieces = {}
      for piece in text do
        if type(piece) ~= "string" then return nil, "reader function must return a string" end
        if piece == "" then break end
        pieces[#pieces + 1] = piece
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
