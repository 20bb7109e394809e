"""The project's files out of a release: as a folder for scripts, as an archive for platforms."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fairlead.errors import ReleaseBroken
from fairlead.release.archive import PAYLOAD

SOURCE = "source/"


def unpack(file: Path, folder: Path) -> None:
    """Unpack the project's files of a release that was verified into ``folder``.

    Raises ``ReleaseBroken`` where it cannot be read.
    """
    with _members(file) as members:
        for info in members:
            members.tar.extract(info, folder, set_attrs=True, filter="data")


def archive(file: Path, out: IO[bytes], extra: tuple[tuple[str, bytes], ...] = ()) -> None:
    """Write the project's files of a release to ``out`` as a ``.tar.gz`` of their own.

    ``extra`` are files to put in, or to add to where there is one of that name already. The same
    release gives the same bytes.
    """
    more = dict(extra)
    with (
        _members(file) as members,
        gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as target,
    ):
        time = 0
        for info in members:
            time = int(info.mtime)
            data = members.read(info)
            if info.name in more:
                data += b"\n" + more.pop(info.name)
                info.size = len(data)
            target.addfile(info, io.BytesIO(data))
        for name, data in more.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), time, 0o644
            target.addfile(info, io.BytesIO(data))


class _Members:
    """Files of ``source/`` with names relative to it."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        for info in self.tar:
            if info.name.startswith(SOURCE) and len(info.name) > len(SOURCE):
                info.name = info.name.removeprefix(SOURCE)
                yield info

    def read(self, info: tarfile.TarInfo) -> bytes:
        """The bytes of a file; of anything else none."""
        found = self.tar.extractfile(info) if info.isreg() else None
        return found.read() if found else b""


@contextmanager
def _members(file: Path) -> Iterator[_Members]:
    try:
        with tarfile.open(file, "r:") as outer:
            payload = outer.extractfile(PAYLOAD)
            if payload is None:
                raise ReleaseBroken(f"{file.name} holds no payload")
            with (
                gzip.GzipFile(fileobj=payload, mode="rb") as stream,
                tarfile.open(fileobj=stream, mode="r:") as tar,
            ):
                yield _Members(tar)
    except (tarfile.TarError, EOFError, KeyError, gzip.BadGzipFile) as error:
        raise ReleaseBroken(f"{file.name} cannot be read: {error}") from error
