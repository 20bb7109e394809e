"""``postmaster.pid``, the file by which PostgreSQL knows that a cluster is in use.

Lines: process, data folder, start in seconds since 1970, port, socket folder, address, shared
memory, state (PostgreSQL's ``src/include/utils/pidfile.h``).
"""

import os
from pathlib import Path

import msgspec

_STATE = 7
_READY = "ready"
_LARGEST = 8192  # bytes; PostgreSQL's own limit of what it reads of it


class PidFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. ``pid`` is negative for a server that one person works with alone."""

    pid: int
    ready: bool


def read_pidfile(data: Path) -> PidFile | None:
    """The file of a data folder; nothing where it is absent or not (yet) one."""
    try:
        with (data / "postmaster.pid").open("rb") as file:
            lines = file.read(_LARGEST).decode("ascii", "replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    return PidFile(pid=pid, ready=len(lines) > _STATE and lines[_STATE].strip() == _READY)


def disown(data: Path) -> None:
    """Make the file of a server that is gone name ourselves.

    PostgreSQL refuses to start while the process in it lives, whoever that is today, unless it
    is its own parent; then it still checks whether somebody has the old server's shared memory
    (``CreateLockFile`` in its ``miscinit.c``), which it could not without the file.
    """
    try:
        handle = os.open(data / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        old = os.pread(handle, _LARGEST, 0)
        first, newline, rest = old.partition(b"\n")
        if first.strip().isdigit() and newline:
            new = b"%d\n%s" % (os.getpid(), rest)
            os.pwrite(handle, new, 0)
            os.ftruncate(handle, len(new))
        else:  # cut short by a crash of the machine
            os.unlink(data / "postmaster.pid")
    finally:
        os.close(handle)
