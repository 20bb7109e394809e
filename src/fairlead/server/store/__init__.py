"""What the server remembers: one module a noun, ``models`` for Django, ``pages`` for lists."""
