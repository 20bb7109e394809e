"""The file of a backup: a tar whose first member says what it is, and whose last one proves it.

Members: ``fairlead-backup.json`` (``Manifest``), ``database.dump``, ``secret_key``,
``repositories/…``, ``storage/…`` and ``SHA256SUMS``, which names every file before it and is
what ``sha256sum -c`` reads. A cut file has no last member, so it is told from a whole one.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from fairlead.errors import FairleadError, StoreError
from fairlead.util.decoding import from_json
from fairlead.util.fs import unusable

FORMAT = 1
MANIFEST, DUMP, KEY, SUMS = "fairlead-backup.json", "database.dump", "secret_key", "SHA256SUMS"
STORAGE, REPOSITORIES = "storage", "repositories"
_BLOCK = 1 << 20
_LARGEST_TEXT = 1 << 20  # bytes of a manifest
_PLACES = (MANIFEST, DUMP, KEY, SUMS, STORAGE, REPOSITORIES)


class BackupUnusable(FairleadError):
    """A file that is no backup, is damaged, or is of a version that we do not know."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``made`` is a time in ISO 8601, ``steps`` are the store's migrations, ``counts`` of rows."""

    format: int
    fairlead: str
    made: str
    postgres: str
    steps: tuple[str, ...]
    counts: Mapping[str, int] = {}


class Packer:
    """Writes a backup to ``file`` from its first to its last byte; nothing is sought in it."""

    def __init__(self, file: IO[bytes], manifest: Manifest) -> None:
        tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._tar = tar  # closed by ``close`` alone: half a backup must not look like a whole one
        self._sums: list[bytes] = []
        self.size = 0
        self.add_bytes(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")

    def add_bytes(self, name: str, data: bytes, *, mode: int = 0o600) -> None:
        """Add a small file."""
        self._add(name, len(data), iter((data,)), mode)

    def add_file(self, name: str, file: IO[bytes], *, mode: int = 0o600) -> None:
        """Add an open file as long as it is now."""
        size = os.fstat(file.fileno()).st_size
        self._add(name, size, iter(lambda: file.read(_BLOCK), b""), mode)

    def add_pieces(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Add a file of a known size. Raises ``StoreError`` where it turns out shorter."""
        self._add(name, size, pieces, 0o600)

    def add_folder(self, name: str) -> None:
        """Add an empty folder; those of files need not be told."""
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o700
        self._tar.addfile(info)

    def close(self) -> None:
        """Write the last member and the end."""
        sums = b"".join(self._sums)
        info = tarfile.TarInfo(SUMS)
        info.size, info.mode = len(sums), 0o600
        self._tar.addfile(info, io.BytesIO(sums))
        self._tar.close()

    def _add(self, name: str, size: int, pieces: Iterable[bytes], mode: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, mode
        body = _Hashed(pieces, size)
        try:
            self._tar.addfile(info, body)
        except EOFError:
            raise StoreError(f"{name} became shorter while it was saved") from None
        self.size += size
        self._sums.append(f"{body.digest.hexdigest()}  ".encode() + os.fsencode(name) + b"\n")


class _Hashed(io.RawIOBase):
    """At most ``size`` bytes of some pieces, as a file."""

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self.digest = hashlib.sha256()
        self._pieces = iter(pieces)
        self._rest = b""
        self._left = size

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        while len(self._rest) < wanted:
            piece = next(self._pieces, None)
            if piece is None:
                raise EOFError
            self._rest += piece
        data, self._rest = self._rest[:wanted], self._rest[wanted:]
        self._left -= len(data)
        self.digest.update(data)
        return data


def unpack(file: IO[bytes], into: Path) -> Manifest:
    """Write a backup's files below ``into``, and check each; returns what it says of itself.

    Raises ``BackupUnusable`` for anything but a whole backup, and ``StoreError`` where there is
    no space. ``into`` then holds some files.
    """
    try:
        return _Unpacker(into).unpack(file)
    except OSError as error:
        raise unusable(into, error) from error


class _Unpacker:
    def __init__(self, into: Path) -> None:
        self._into = into
        self._manifest: Manifest | None = None
        self._found: dict[bytes, str] = {}
        self._claimed: dict[bytes, str] | None = None

    def unpack(self, file: IO[bytes]) -> Manifest:
        try:
            with tarfile.open(fileobj=file, mode="r|") as tar:
                for member in tar:
                    self._take(tar, member)
                    # Otherwise it would keep them all.
                    tar.members = []  # type: ignore[attr-defined]
        except tarfile.TarError as error:
            raise _damaged(str(error)) from error
        if self._manifest is None or self._claimed is None:
            raise _damaged("it is cut short")
        if wrong := sorted(self._claimed.items() ^ self._found.items()):
            raise _damaged(f"{os.fsdecode(wrong[0][0])} is not what was saved")
        return self._manifest

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        if self._claimed is not None:
            raise _damaged("something follows its end")
        if self._manifest is None and member.name != MANIFEST:
            raise BackupUnusable(f"the file is no backup: it begins with {member.name!a}")
        path = self._into.joinpath(*_parts(member.name))
        if member.isdir():
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            return
        body = tar.extractfile(member) if member.isreg() else None
        if body is None:
            raise _damaged(f"{member.name!a} is neither a file nor a folder")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = _copy(body, path, executable=bool(member.mode & 0o100))
        if member.name == SUMS:
            self._claimed = dict(_sums(path.read_bytes()))
        else:
            self._found[os.fsencode(member.name)] = digest
        if member.name == MANIFEST:
            self._manifest = _read_manifest(path)


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or parts[0] not in _PLACES or ".." in parts or "\0" in name:
        raise _damaged(f"{name!a} has no place in it")
    return parts


def _copy(body: IO[bytes], path: Path, *, executable: bool) -> str:
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o700 if executable else 0o600), "wb") as file:
        while block := body.read(_BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _sums(data: bytes) -> Iterable[tuple[bytes, str]]:
    for line in data.splitlines():
        digest, _, name = line.partition(b"  ")
        yield name, digest.decode("ascii", "replace")


def _read_manifest(path: Path) -> Manifest:
    if path.stat().st_size > _LARGEST_TEXT:
        raise _damaged("its first part is too large")
    try:
        manifest = from_json(path.read_bytes(), Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _damaged(f"what it says of itself: {error}") from error
    if manifest.format > FORMAT:
        raise BackupUnusable(
            f"the backup was made by a newer Fairlead ({manifest.fairlead})",
            hint="restore it with that version, or a later one",
        )
    return manifest


def _damaged(why: str) -> BackupUnusable:
    hint = "take another one: nothing was changed"
    return BackupUnusable(f"the backup is damaged: {why}", hint=hint)
