"""Following a log while it grows: rendered lines from a byte offset on, for a live page."""

from fairlead.model import Value
from fairlead.server.logs.blocks import Log
from fairlead.server.logs.read import line_start, read_bytes
from fairlead.server.logs.render import Rendered, Renderer

PIECE = 512 << 10


class Update(Value, frozen=True, kw_only=True):
    """What has come: whole lines, and the one that has no end yet, to be replaced next time.

    ``offset`` is where that one begins: whoever comes back with it misses and repeats no line.
    ``more`` says that there was more than the limit of bytes.
    """

    lines: tuple[Rendered, ...]
    open: Rendered | None
    offset: int
    more: bool


class Follower:
    """One reader of a log. ``log`` must be complete; ``offset`` is that of an ``Update``."""

    def __init__(self, log: Log, offset: int = 0) -> None:
        start = line_start(log, offset)
        self._renderer = Renderer(number=start.number, style=start.style)
        self.position = start.offset
        """The first byte that was not read: ``LiveLog(chunks, since=position)`` is enough."""

    def poll(self, log: Log, limit: int = PIECE) -> Update:
        """Read on, about ``limit`` bytes, in the log as it is now: live, or finished meanwhile."""
        found: list[Rendered] = []
        read = 0
        for piece in read_bytes(log, self.position, limit):
            found += self._renderer.feed(piece)
            self.position += len(piece)
            read += len(piece)
        return Update(
            lines=tuple(found),
            open=self._renderer.rest(),
            offset=self.position - self._renderer.waiting,
            more=read == limit,
        )
