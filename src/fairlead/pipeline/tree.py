"""The files a pipeline is planned from, wherever they lie: a folder, a commit, memory."""

from collections.abc import Mapping
from typing import Protocol


class Tree(Protocol):
    """A project's files. Implementations live at the edge (``runner.checkout``)."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All file paths, ``/`` between the parts, sorted."""
        ...

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, or ``None`` where there is no such file."""
        ...


class MemoryTree:
    """A tree of given contents, for tests and for planning a file on its own."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self._files = {
            path: data.encode() if isinstance(data, str) else data for path, data in files.items()
        }

    @property
    def paths(self) -> tuple[str, ...]:
        """All file paths, sorted."""
        return tuple(sorted(self._files))

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, or ``None``."""
        return self._files.get(path)
