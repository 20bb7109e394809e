"""How a release lies in its file: an outer archive that says what it is, and a packed one in it.

The outer is a plain tar of ``manifest.json``, ``manifest.sig`` and ``payload.tar.gz``, in this
order and with nothing after them. Whatever could differ between two machines is fixed: the order,
times, owners and modes. Files that are packed already are stored in gzip members of their own,
which gzip(1) and tar(1) read as one stream (RFC 1952, 2.2).
"""

import tarfile
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

import msgspec

from fairlead.errors import ReleaseFailed
from fairlead.model.release import Member

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
PAYLOAD: Final = "payload.tar.gz"
BLOCK: Final = tarfile.BLOCKSIZE
END: Final = bytes(2 * BLOCK)
"""What a tar archive ends with."""

_GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no name, no time, no system
_CHUNK = 1 << 20
_LEVEL = 6


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be packed: its bytes lie in ``file``, or are ``data``; or it is a ``link``.

    ``packed`` is for what would not get smaller.
    """

    path: str
    file: Path | None = None
    data: bytes = b""
    executable: bool = False
    link: str = ""
    packed: bool = False


def write_payload(pieces: Iterable[Piece], out: IO[bytes], time: int) -> tuple[Member, ...]:
    """Pack ``pieces``, sorted by path, each with ``time`` (Unix seconds); returns what they are.

    Raises ``ReleaseFailed`` where two have one path, or one is no text.
    """
    stream = _Gzip(out)
    members: list[Member] = []
    folders: set[str] = set()
    for piece in _sorted(pieces):
        for folder in _parents(piece.path):
            if folder not in folders:
                folders.add(folder)
                stream.write(_head(folder, tarfile.DIRTYPE, 0o755, time), packed=False)
        members.append(_write(stream, piece, time))
    stream.write(END, packed=False)
    stream.close()
    return tuple(members)


def outer_head(name: str, size: int, time: int) -> bytes:
    """The block before one of the outer archive's members."""
    return _head(name, tarfile.REGTYPE, 0o644, time, size=size)


def padding(size: int) -> bytes:
    """What fills the last block of a member of ``size`` bytes."""
    return bytes(-size % BLOCK)


def chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """At most ``size`` bytes of a file in pieces; fewer where it ends before."""
    while size > 0 and (data := file.read(min(size, _CHUNK))):
        size -= len(data)
        yield data


def _sorted(pieces: Iterable[Piece]) -> list[Piece]:
    found: dict[str, Piece] = {}
    for piece in pieces:
        if piece.path in found:
            raise ReleaseFailed(f"two files of the release would be {piece.path!r}")
        found[piece.path] = piece
    try:
        return [found[path] for path in sorted(found, key=str.encode)]
    except UnicodeEncodeError as error:
        name = error.object.encode("utf-8", "backslashreplace").decode()
        raise ReleaseFailed(
            f"the name of {name} is not UTF-8, which hosts would not agree on",
            hint="rename it, or leave it out with release: exclude",
        ) from error


def _parents(path: str) -> Iterator[str]:
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _write(stream: "_Gzip", piece: Piece, time: int) -> Member:
    if piece.link:
        target = piece.link.encode()
        stream.write(_head(piece.path, tarfile.SYMTYPE, 0o777, time, link=piece.link), packed=False)
        digest = sha256(target).hexdigest()
        return Member(path=piece.path, sha256=digest, size=len(target), link=piece.link)
    mode = 0o755 if piece.executable else 0o644
    size = piece.file.stat().st_size if piece.file else len(piece.data)
    stream.write(_head(piece.path, tarfile.REGTYPE, mode, time, size=size), packed=piece.packed)
    digest, written = _copy(stream, piece, size)
    if written != size:
        raise ReleaseFailed(f"{piece.path} changed while it was packed")
    stream.write(padding(size), packed=piece.packed)
    return Member(path=piece.path, sha256=digest, size=size, executable=piece.executable)


def _copy(stream: "_Gzip", piece: Piece, size: int) -> tuple[str, int]:
    if piece.file is None:
        stream.write(piece.data, packed=piece.packed)
        return sha256(piece.data).hexdigest(), size
    digest, written = sha256(), 0
    with piece.file.open("rb") as file:
        for data in chunks(file, size):
            digest.update(data)
            stream.write(data, packed=piece.packed)
            written += len(data)
    return digest.hexdigest(), written


def _head(path: str, kind: bytes, mode: int, time: int, *, size: int = 0, link: str = "") -> bytes:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.mtime, info.size, info.linkname = kind, mode, time, size, link
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


class _Gzip:
    """A gzip stream that changes between compressing and storing, each in members of its own."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._packed: bool | None = None
        self._check = self._size = 0

    def write(self, data: bytes, *, packed: bool) -> None:
        if packed is not self._packed:
            self.close()
            self._begin(packed=packed)
        self._check = zlib.crc32(data, self._check)
        self._size += len(data)
        self._out.write(self._deflate.compress(data))

    def _begin(self, *, packed: bool) -> None:
        self._packed = packed
        self._deflate = zlib.compressobj(0 if packed else _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._check = self._size = 0
        self._out.write(_GZIP_HEAD)

    def close(self) -> None:
        if self._packed is None:
            return
        self._packed = None
        self._out.write(self._deflate.flush())
        self._out.write((self._check & 0xFFFFFFFF).to_bytes(4, "little"))
        self._out.write((self._size & 0xFFFFFFFF).to_bytes(4, "little"))
