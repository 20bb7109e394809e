"""What parts of the server that never meet otherwise agree on."""

LOCK = 0x666C7377656570  # "flsweep"
"""An advisory lock: who holds it, such as a backup, has files stay while their rows do."""
