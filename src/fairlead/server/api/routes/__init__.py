"""One router a noun: read through ``store``, write through ``services``."""
