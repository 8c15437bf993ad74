return {"shared"}
