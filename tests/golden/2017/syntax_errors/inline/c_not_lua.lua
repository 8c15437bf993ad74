<html>this is no Lua</html>
