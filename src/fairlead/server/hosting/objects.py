"""What is in a repository, read from its files: asking git takes twenty times longer.

Formats: gitformat-pack(5), "Version 2 pack-*.idx files"; loose objects as gitrepository-layout(5).
"""

import mmap
import os
import struct
import zlib
from pathlib import Path

import msgspec

_MAGIC = b"\xfftOc\x00\x00\x00\x02"
_FAN = 256
_LONGEST = 1 << 18


def has_object(repository: Path, identity: str) -> bool:
    """Whether ``identity``, a full object id, is there loose or packed.

    Alternates are followed. False for damaged or unknown files: then git is to be asked.
    """
    raw = bytes.fromhex(identity)
    return any(_in_store(store, identity, raw) for store in _stores(repository / "objects"))


def _stores(objects: Path) -> list[str]:
    stores = [os.fspath(objects)]
    try:
        lines = (objects / "info/alternates").read_bytes().splitlines()
    except OSError:
        return stores
    return stores + [os.path.join(stores[0], os.fsdecode(line)) for line in lines if line]


def _in_store(store: str, identity: str, raw: bytes) -> bool:
    if os.path.exists(f"{store}/{identity[:2]}/{identity[2:]}"):
        return True
    try:
        names = os.listdir(f"{store}/pack")
    except OSError:
        return False
    return any(_in_index(f"{store}/pack/{name}", raw) for name in names if name.endswith(".idx"))


def _in_index(path: str, raw: bytes) -> bool:
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            return data[:8] == _MAGIC and _search(data, raw)
    except (OSError, ValueError, struct.error):
        return False


def _search(data: mmap.mmap, raw: bytes) -> bool:
    fan = struct.unpack_from(f">{_FAN}I", data, 8)
    low, high = fan[raw[0] - 1] if raw[0] else 0, fan[raw[0]]
    names, width = 8 + 4 * _FAN, len(raw)
    while low < high:
        middle = (low + high) // 2
        found = data[names + middle * width : names + (middle + 1) * width]
        if found == raw:
            return True
        low, high = (middle + 1, high) if found < raw else (low, middle)
    return False


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit's object says of it."""

    parents: tuple[str, ...]
    author: str
    message: str


def loose_commit(repository: Path, identity: str) -> Commit | None:
    """A commit that is not packed, as those of a small push; ``None`` where git is to be asked."""
    try:
        packed = (repository / "objects" / identity[:2] / identity[2:]).read_bytes()
        data = zlib.decompressobj().decompress(packed, _LONGEST)
    except (OSError, zlib.error):
        return None
    kind, _, body = data.partition(b"\0")
    head, _, message = body.partition(b"\n\n")
    lines = [line.partition(b" ") for line in head.split(b"\n")]
    facts = {name: value for name, _, value in lines}
    # Another encoding than UTF-8 is git's business, and so is what is longer than we read.
    if not kind.startswith(b"commit ") or b"encoding" in facts or len(data) >= _LONGEST:
        return None
    return Commit(
        parents=tuple(value.decode("ascii", "replace") for n, _, value in lines if n == b"parent"),
        author=facts.get(b"author", b"").rpartition(b" <")[0].decode("utf-8", "replace"),
        message=message.decode("utf-8", "replace"),
    )
