-- grüße
return {flowCreate = function() io.write(#"ü", "\n") end}
