"""Server-sent events, from bytes cut anywhere: the format of HTML's "Server-sent events"."""

import msgspec


class ServerEvent(msgspec.Struct, frozen=True):
    """One event; ``id`` is the last id that the stream named, empty before any."""

    event: str
    data: str
    id: str = ""


class EventReader:
    """Makes events of pieces of a stream. ``retry`` is the pause in seconds the server wants."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self._id = last_id
        self.retry: float | None = None
        self._held = b""
        self._begun = False
        self._event = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Take a piece and return the events that it completes."""
        data = self._held + piece
        # A carriage return at the end may be half of a line's end.
        whole = data[:-1] if data.endswith(b"\r") else data
        lines = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._held = lines.pop() + data[len(whole) :]
        found = (self._line(line.decode("utf-8", "replace")) for line in lines)
        return [event for event in found if event is not None]

    def _line(self, line: str) -> ServerEvent | None:
        if not self._begun:
            self._begun, line = True, line.removeprefix("\ufeff")
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry = int(value) / 1000
        return None

    def _complete(self) -> ServerEvent | None:
        # Only now: an event that is cut off must come again.
        self.last_id = self._id
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        return ServerEvent(event, "\n".join(data), self.last_id) if data else None
