"""The pipeline file as it was understood last time: reading YAML takes longer than all planning."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from fairlead import __version__
from fairlead.errors import StoreError
from fairlead.pipeline.document import Node, load
from fairlead.util.fs import write_atomic

_READING = 1
"""To be raised when the same bytes are to be understood differently."""


class _Understood(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    root: Node


def remembering(place: Path) -> Callable[[bytes, str], Node]:
    """``document.load``, but asked again for the same bytes it answers from the file ``place``.

    One document is kept, the last. What is broken there is read anew; errors are never kept.
    """

    def load_or_remember(data: bytes, file: str) -> Node:
        key = sha256(f"{__version__} {_READING} {file}\n".encode() + data).hexdigest()
        with suppress(OSError, msgspec.MsgspecError, RecursionError):
            known = msgspec.msgpack.decode(place.read_bytes(), type=_Understood)
            if known.key == key:
                return known.root
        root = load(data, file)
        with suppress(StoreError):
            write_atomic(place, msgspec.msgpack.encode(_Understood(key=key, root=root)))
        return root

    return load_or_remember
