return {
  flowCreate = function()
    io.write("never")
}
