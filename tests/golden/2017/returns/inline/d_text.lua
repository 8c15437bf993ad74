return "callbacks"
