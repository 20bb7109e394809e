"""Reading a release file, and refusing one that is not as whoever signed it left it.

Nothing of the payload is looked at before the signature and its checksum are right.
"""

import gzip
import io
import os
import posixpath
import re
import tarfile
import zlib
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from fairlead.errors import ReleaseBroken
from fairlead.model import Location
from fairlead.model.release import Manifest, Member
from fairlead.release.archive import BLOCK, END, MANIFEST, PAYLOAD, SIGNATURE, chunks
from fairlead.release.signing import valid
from fairlead.util.decoding import from_json

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FORMAT = 1
_LARGEST = 64 << 20  # bytes of a manifest: about 300,000 files
_SIGNATURE = re.compile(rb"ed25519 ([\w+/=]{44}) ([\w+/=]{88})\n")
"""Public key and signature in base64."""
_NOT_WHOLE = "it is not whole: copy it again, or make it anew with `fairlead package`"
_NOT_OURS = "if you know who made it: fairlead releases trust NAME KEY"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A release file as it says itself; ``offset`` and ``size`` are its payload's, in bytes."""

    manifest: Manifest
    signer: str
    offset: int
    size: int


def read_release(path: Path, *, trusted: Collection[str], deep: bool = True) -> Manifest:
    """What a release is, once its signature and every checksum are found right.

    ``trusted`` are the public keys that are believed (``signing.trusted_keys``). Without ``deep``
    the payload is taken as one: its checksum says the same of all files in it, in less time.
    Raises ``ReleaseBroken`` for a file that is truncated, altered, unsigned or signed by
    somebody else.
    """
    return open_release(path, trusted=trusted, deep=deep).manifest


def open_release(path: Path, *, trusted: Collection[str], deep: bool = False) -> Opened:
    """As ``read_release``, with where the payload lies in the file and who signed it."""
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            opened = reader.outer(file, trusted)
            reader.payload(file, opened)
            if deep:
                reader.members(file, opened)
    except FileNotFoundError as error:
        raise ReleaseBroken(f"there is no release file {path}") from error
    except (OSError, EOFError, tarfile.TarError, zlib.error, UnicodeError) as error:
        raise reader.broken(f"cannot be read: {error}", _NOT_WHOLE) from error
    return opened


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path

    def broken(self, text: str, hint: str = "") -> ReleaseBroken:
        return ReleaseBroken(text, location=Location(file=str(self._path)), hint=hint)

    def outer(self, file: IO[bytes], trusted: Collection[str]) -> Opened:
        data = file.read(self._member(file, MANIFEST, _LARGEST))
        self._pad(file, len(data))
        signature = file.read(self._member(file, SIGNATURE, BLOCK))
        self._pad(file, len(signature))
        signer = self._signed(data, signature, trusted)
        manifest = self._manifest(data)
        size = self._member(file, PAYLOAD, os.fstat(file.fileno()).st_size)
        return Opened(manifest=manifest, signer=signer, offset=file.tell(), size=size)

    def payload(self, file: IO[bytes], opened: Opened) -> None:
        """Compare the payload's checksum, and that the file ends after it."""
        digest = sha256()
        for data in chunks(file, opened.size):
            digest.update(data)
        if digest.hexdigest() != opened.manifest.payload:
            raise self.broken("its payload is not what was signed", _NOT_WHOLE)
        self._pad(file, opened.size)
        if file.read(len(END) + 1) != END:
            raise self.broken("it does not end where a release does", _NOT_WHOLE)

    def members(self, file: IO[bytes], opened: Opened) -> None:
        """Compare every file in the payload with what the manifest says of it."""
        file.seek(opened.offset)
        expected = iter(opened.manifest.members)
        with (
            gzip.GzipFile(fileobj=io.BufferedReader(_Part(file, opened.size)), mode="rb") as stream,
            tarfile.open(fileobj=stream, mode="r|", encoding="utf-8", errors="strict") as tar,
        ):
            for info in tar:
                if info.isdir():
                    continue
                member = next(expected, None)
                if member != self._found(tar, info) or not _harmless(member):
                    raise self.broken(f"{info.name!r} in it is not what its manifest says")
        if (missing := next(expected, None)) is not None:
            raise self.broken(f"{missing.path!r} is missing in it")

    def _found(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member | None:
        if info.issym():
            target = info.linkname.encode()
            digest = sha256(target).hexdigest()
            return Member(path=info.name, sha256=digest, size=len(target), link=info.linkname)
        content = tar.extractfile(info) if info.isreg() else None
        if content is None:
            return None
        digest_of_all = sha256()
        for data in chunks(content, info.size):
            digest_of_all.update(data)
        executable = bool(info.mode & 0o111)
        digest = digest_of_all.hexdigest()
        return Member(path=info.name, sha256=digest, size=info.size, executable=executable)

    def _member(self, file: IO[bytes], name: str, largest: int) -> int:
        """Read the block before a member that has to be called ``name``; returns its size."""
        block = file.read(BLOCK)
        if len(block) < BLOCK:
            raise self.broken("it ends in the middle", _NOT_WHOLE)
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except tarfile.HeaderError as error:
            raise self.broken("this is no release file", _NOT_WHOLE) from error
        if info.name != name or not info.isreg():
            missing = "it is not signed" if name == SIGNATURE else f"{name} is not where it must be"
            raise self.broken(missing)
        if not 0 <= info.size <= largest:
            raise self.broken(f"{name} is larger than it can be", _NOT_WHOLE)
        return info.size

    def _pad(self, file: IO[bytes], size: int) -> None:
        gap = -size % BLOCK
        if file.read(gap) != bytes(gap):
            raise self.broken("it ends in the middle", _NOT_WHOLE)

    def _signed(self, data: bytes, signature: bytes, trusted: Collection[str]) -> str:
        """Who signed ``data``. Of ``signature`` there is one spelling only."""
        told = _SIGNATURE.fullmatch(signature)
        if told is None:
            raise self.broken("it is not signed")
        signer, proof = (part.decode("ascii") for part in told.groups())
        if not valid(signer, data, proof):
            raise self.broken("its signature does not fit: it was altered after it was signed")
        if signer not in trusted:
            raise self.broken(f"it was signed with a key that is not trusted: {signer}", _NOT_OURS)
        return signer

    def _manifest(self, data: bytes) -> Manifest:
        try:
            manifest = from_json(data, Manifest)
        except msgspec.MsgspecError as error:
            raise self.broken(f"its manifest cannot be read: {error}") from error
        if manifest.format != FORMAT:
            raise self.broken(
                f"its format is {manifest.format}, this Fairlead knows {FORMAT}",
                "use a newer Fairlead, or make the release anew",
            )
        return manifest


class _Part(io.RawIOBase):
    """The next ``size`` bytes of a file, as a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        data = self._file.read(min(len(view), self._left))
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


def _harmless(member: Member | None) -> bool:
    """Whether a member lies in the release, and a link leads nowhere else."""
    if member is None:
        return False
    return inside(member.path) and (not member.link or stays(member.path, member.link))


def inside(path: str) -> bool:
    """Whether a path lies below the folder it is relative to."""
    return posixpath.normpath(path) == path and not path.startswith(("/", "../")) and path != ".."


def stays(path: str, link: str) -> bool:
    """Whether a link at ``path`` leads to something in the release."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return not link.startswith("/") and inside(target)
