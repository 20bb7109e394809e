"""Live streams for open pages: one listening connection a process, shared by all who watch."""
