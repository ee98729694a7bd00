raise RuntimeError("no model here")
