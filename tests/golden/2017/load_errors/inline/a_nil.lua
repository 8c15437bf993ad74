local callbacks = {}
setup_logger()
return callbacks
