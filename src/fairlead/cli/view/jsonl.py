"""Every event as a line of JSON: ``fairlead run --events``."""

import threading
from typing import IO

import msgspec

from fairlead.cli.view.base import drop_pipe
from fairlead.model import Event, Output, StepFinished, encode_event

_LONGEST_CHARACTER = 4


class JsonLinesView:
    """Writes an event as soon as it comes: whoever reads along must not wait for the next one.

    A character that was cut between two pieces of output is written with the second piece.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._raw: IO[bytes] | None = getattr(stream, "buffer", None)
        self._held: dict[tuple[str, int], bytes] = {}
        self._lock = threading.Lock()
        self._gone = False

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            if type(event) is Output:
                self._output(event)
                return
            if isinstance(event, StepFinished):
                self._rest(event)
            self._write(encode_event(event))

    def close(self) -> None:
        """Nothing is held back after the end of a step."""

    def _output(self, event: Output) -> None:
        key = (event.job, event.step)
        data = self._held.pop(key, b"") + event.data
        keep = torn(data)
        if keep:
            self._held[key] = data[-keep:]
            data = data[:-keep]
        if data:
            self._write(encode_event(msgspec.structs.replace(event, data=data)))

    def _rest(self, event: StepFinished) -> None:
        data = self._held.pop((event.job, event.step), b"")
        if data:
            rest = Output(
                time=event.time, job=event.job, attempt=event.attempt, step=event.step, data=data
            )
            self._write(encode_event(rest))

    def _write(self, line: bytes) -> None:
        if self._gone:
            return
        try:
            if self._raw is None:
                self._stream.write(line.decode())
            else:
                self._raw.write(line)
            self._stream.flush()
        except (OSError, ValueError):  # a run must not end because nobody can read of it
            self._gone = True
            drop_pipe(self._stream)


def torn(data: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character that is not all there."""
    if not data or data[-1] < 0x80:  # noqa: PLR2004
        return 0
    for length in range(1, min(_LONGEST_CHARACTER, len(data) + 1)):
        lead = data[-length]
        if lead & 0xC0 != 0x80:  # noqa: PLR2004
            return length if length < _length_after(lead) else 0
    return 0


def _length_after(lead: int) -> int:
    """Bytes of the character that begins with ``lead``; 0 where none does."""
    if not 0xC2 <= lead <= 0xF4:  # noqa: PLR2004
        return 0
    return 2 + (lead >= 0xE0) + (lead >= 0xF0)  # noqa: PLR2004
