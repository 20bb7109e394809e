"""The log of one attempt: every byte its steps wrote, masked, up to a limit that is said."""

from collections.abc import Callable
from pathlib import Path

from fairlead.util.fs import unusable
from fairlead.util.redact import Redactor


class Log:
    """Writes to ``path`` and tells ``emit`` (step index, bytes) the same bytes.

    After ``limit`` bytes one line says so, and the rest is read and dropped.
    """

    def __init__(
        self, path: Path, *, limit: int, redactor: Redactor, emit: Callable[[int, bytes], None]
    ) -> None:
        self.path = path
        self.size = 0
        self._limit = limit
        self._redactor = redactor
        self._emit = emit
        self._step = -1
        self._full = False
        self._torn = False  # whether the last line has no end yet
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise unusable(path, error) from error

    def begin(self, step: int) -> None:
        """What follows belongs to that step, from a line of its own on; -1 is none."""
        self.flush()
        if self._torn:
            self._keep(b"\n")
        self._step = step

    def write(self, data: bytes) -> None:
        """Take bytes as a step wrote them."""
        self._keep(self._redactor.feed(data))

    def line(self, text: str) -> None:
        """A line of our own, at the beginning of a line."""
        self.flush()
        self._keep(self._redactor.text(text).encode("utf-8", "replace") + b"\n")

    def flush(self) -> None:
        """Write what the redactor held back."""
        self._keep(self._redactor.flush())

    def close(self) -> None:
        """Finish the file."""
        self.flush()
        self._file.close()

    def _keep(self, data: bytes) -> None:
        if not data or self._full:
            return
        if self.size + len(data) > self._limit:
            self._full = True
            data = data[: self._limit - self.size]
            data += f"\n[log limit of {self._limit} bytes reached: the rest is left out]\n".encode()
        try:
            self._file.write(data)
        except OSError as error:
            self._full = True  # said once; what ends the job writes here too
            raise unusable(self.path, error) from error
        self.size += len(data)
        self._torn = not data.endswith(b"\n")
        self._emit(self._step, data)

    def slice(self, offset: int, length: int) -> bytes:
        """Bytes of the log that were written already."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)
