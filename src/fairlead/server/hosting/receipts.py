"""Pushes that were accepted and not yet turned into builds, so that a crash in between loses none.

A receipt is a file with the push's refs, written before git moves them, locked by the process
that looks after the push and removed when its builds are stored. One that nobody holds is of a
process that died.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from fairlead.util.decoding import from_json
from fairlead.util.fs import unusable

_FOLDER = "fairlead-pushes"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``refs`` are the lines of a push as githooks(5) has them, ``gated`` refs built already."""

    key: str
    refs: bytes
    options: tuple[str, ...] = ()
    gated: tuple[str, ...] = ()


class Held:
    """A receipt on disk, held by this process."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    def done(self) -> None:
        """Its builds are stored: remove it."""
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self.leave()

    def leave(self) -> None:
        """Leave it for whoever looks for what was left."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def write(repository: Path, receipt: Receipt) -> Held:
    """Write a receipt and hold it. Raises ``StoreError`` where the disk does not take it."""
    path = repository / _FOLDER / f"{receipt.key}.json"
    aside = path.with_suffix(".new")
    try:
        path.parent.mkdir(exist_ok=True)
        handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with open(handle, "wb", closefd=False) as file:  # a full disk takes a part, else
                file.write(msgspec.json.encode(receipt))
            os.rename(aside, path)
        except BaseException:
            os.close(handle)
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unusable(path, error) from error
    return Held(path, handle)


def take_over(repository: Path, work: Callable[[Receipt], None]) -> int:
    """Call ``work`` with each receipt that nobody holds, and remove it after; returns how many.

    One for which ``work`` raises stays for the next time.
    """
    count = 0
    for path in sorted((repository / _FOLDER).glob("*.json")):
        with suppress(OSError):
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            held = Held(path, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with suppress(msgspec.DecodeError):
                    work(from_json(path.read_bytes(), Receipt))
                held.done()
                count += 1
            finally:
                held.leave()
    return count


def left(repository: Path) -> bool:
    """Whether there are any receipts, held or not."""
    return any((repository / _FOLDER).glob("*.json"))
