"""A finished log in storage: only what is asked for is read."""

from itertools import accumulate

from fairlead.server.logs.container import (
    FOOT,
    blocks_of,
    find_index,
    marks_of,
    read_frame,
    read_index,
)
from fairlead.server.logs.errors import LogUnreadable
from fairlead.server.logs.storage import Storage

_END = 64 << 10  # read at once at the end of a file: the index of almost every log
_AHEAD = 1 << 20  # read at once where frames are read one after the other


class FinishedLog:
    """The log in the file ``name``. Not for several threads at once.

    Raises ``LogMissing`` and ``LogUnreadable``.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name
        index = read_index(self._read_end())
        self._frames = index.frames
        self.blocks = tuple(blocks_of(index))
        self.marks = tuple(marks_of(index))
        self._places = list(accumulate((frame.packed for frame in index.frames), initial=0))
        self._last = -2
        self._at = 0
        self._window = b""

    def read(self, index: int) -> bytes:
        """Bytes of a frame."""
        begin, end = self._places[index : index + 2]
        if not self._at <= begin <= end <= self._at + len(self._window):
            ahead = _AHEAD if index == self._last + 1 else 0
            most = min(max(end, begin + ahead), self._places[-1])
            self._at, self._window = begin, self._storage.read(self._name, begin, most - begin)
        self._last = index
        return read_frame(self._window[begin - self._at :][: end - begin], self._frames[index])

    def _read_end(self) -> bytes:
        """The file from its index on."""
        size = self._storage.size(self._name)
        if size < FOOT:
            raise LogUnreadable(f"the stored file {self._name} is no log")
        begin = max(0, size - _END)
        data = self._storage.read(self._name, begin, size - begin)
        start = find_index(data[-FOOT:])
        if start >= begin:
            return data[start - begin :]
        return self._storage.read(self._name, start, size - start)
