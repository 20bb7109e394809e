"""What a view is, and how it writes: a sink takes every event of a run and is closed at its end."""

import contextlib
import os
import threading
from typing import IO, Protocol

from fairlead.model import Event


class Sink(Protocol):
    """Takes events, from any thread, in order per job. ``close`` is called once, at any time."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        ...

    def close(self) -> None:
        """Write what is held back and leave the stream as it was found. Idempotent."""
        ...


class Picture(Sink, Protocol):
    """A sink for people, which can end otherwise than with a run's own end."""

    def finish(self, text: str) -> None:
        """Show ``text`` in the place of what was kept up to date. The last call but ``close``."""
        ...


class Writer:
    """Writes text to a stream that may lack our characters or whose reader may have gone.

    A run must not end because its output cannot be read or kept any more: after a broken pipe or
    on a full disk all further text is dropped, and ``gone`` is true.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.gone = False
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write ``text`` as far as the encoding goes, and flush."""
        with self._lock:
            if self.gone:
                return
            # Lone surrogates (file names that are not UTF-8) cannot be encoded either.
            safe = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
            try:
                self.stream.write(safe)
                self.stream.flush()
            except (OSError, ValueError):
                self._leave()

    def line(self, text: str = "") -> None:
        """Write a line."""
        self.write(f"{text}\n")

    def _leave(self) -> None:
        self.gone = True
        drop_pipe(self.stream)


def drop_pipe(stream: IO[str]) -> None:
    """Point a broken pipe at nothing, so that Python's own flush at exit does not complain."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = stream.fileno()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, descriptor)
        os.close(nothing)
