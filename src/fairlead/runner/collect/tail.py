"""Cheap reading of a file that grows: what was appended since last time."""

import os
import stat
from pathlib import Path

_CHUNK = 4 << 20  # bytes at most in one reading, so that a flood cannot fill our memory


class Tail:
    """Reads ``path``, which may not exist yet; one ``fstat`` when nothing was appended.

    The file lies where a job may write, so links and anything but regular files are not opened.
    A file that shrank is read from its beginning again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._offset = 0

    def read(self) -> bytes:
        """What is new, at most 4 MiB of it; empty when there is nothing."""
        if self._handle < 0 and not self._open():
            return b""
        size = os.fstat(self._handle).st_size
        if size < self._offset:
            self._offset = 0
        if size == self._offset:
            return b""
        data = os.pread(self._handle, min(_CHUNK, size - self._offset), self._offset)
        self._offset += len(data)
        return data

    def close(self) -> None:
        """Free the descriptor; a later ``read`` goes on where this one stopped."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        self.close()

    def _open(self) -> bool:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            handle = os.open(self._path, flags)
        except OSError:
            return False
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return False
        self._handle = handle
        return True
