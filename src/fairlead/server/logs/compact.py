"""From live chunks to one file, when a job has ended."""

from collections.abc import Iterator

from fairlead.server.logs.blocks import Mark, count_lines, size
from fairlead.server.logs.chunks import Chunks, LiveLog, Stored
from fairlead.server.logs.container import FRAME, Writer, cut_frames
from fairlead.server.logs.errors import LogMissing
from fairlead.server.logs.finished import FinishedLog
from fairlead.server.logs.storage import Storage


def compact(chunks: Chunks, storage: Storage, name: str, *, frame: int = FRAME) -> Stored:
    """Make one file of all chunks under ``name`` in ``storage``, then remove the chunks.

    In memory are one chunk, one frame and the index. Killed at any time, it leaves the chunks or
    a whole file and can be called again: the same bytes make the same file. The chunks go only
    when the file is safe. Where this was done already, by another process meanwhile or before,
    nothing is written. Raises ``LogGap``, ``LogMissing``, ``LogUnreadable``, ``StoreError``.
    """
    log = LiveLog(chunks)
    # No chunks and a file: another process was faster. An empty file must not replace its one.
    if not log.blocks and (known := _known(storage, name)):
        return known
    writer = Writer()
    try:
        packed = storage.write(name, _file(log, writer, log.marks, frame))
    except LogMissing:
        if not chunks.heads() and (known := _known(storage, name)):
            return known
        raise
    stored = Stored(name=name, size=size(log), lines=count_lines(log), packed=packed)
    chunks.settle(stored)
    return stored


def _known(storage: Storage, name: str) -> Stored | None:
    try:
        log, packed = FinishedLog(storage, name), storage.size(name)
    except LogMissing:
        return None
    return Stored(name=name, size=size(log), lines=count_lines(log), packed=packed)


def _file(log: LiveLog, writer: Writer, marks: tuple[Mark, ...], frame: int) -> Iterator[bytes]:
    pieces = (log.read(index) for index in range(len(log.blocks)))
    for data in cut_frames(pieces, frame):
        yield writer.frame(data)
    yield writer.end(marks)
