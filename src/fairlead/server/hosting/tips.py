"""Where refs point, read from the files that git keeps them in: a program started takes longer.

See gitrepository-layout(5). Who finds nothing here asks git, which knows other ways too.
"""

import os
import re
from pathlib import Path

_ID = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_LARGEST = 8 << 20
"""Bytes of packed refs that are looked through; git searches larger ones better."""


def tip(repository: Path, ref: str) -> str:
    """The object that a full ref points to; empty where its files do not simply say so."""
    try:
        found = (repository / ref).read_bytes().rstrip(b"\n")
    except FileNotFoundError:
        found = _packed(repository / "packed-refs", os.fsencode(ref))
    except (OSError, ValueError):
        return ""
    return found.decode() if _ID.fullmatch(found) else ""


def _packed(file: Path, name: bytes) -> bytes:
    try:
        with file.open("rb") as lines:
            data = lines.read(_LARGEST + 1)
    except OSError:
        return b""
    if len(data) > _LARGEST:
        return b""
    place = data.find(b" " + name + b"\n")
    return data[data.rfind(b"\n", 0, place) + 1 : place] if place > 0 else b""
