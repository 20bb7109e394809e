"""Putting a job's files into a box that ``bwrap`` made without them.

``bwrap`` takes half a millisecond for each mount, and does not start before all are known. So it
makes boxes ahead of time, with the host's files at a hidden place; what a job is to see of them is
fetched from there by the agent, which then takes that place away. No command runs before.
"""

from __future__ import annotations

import errno
import os

from . import calls
from .light import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any

# A mount that our user may not reach, or that another one covers, needs no restriction.
_OUT_OF_REACH = (errno.EACCES, errno.ENOENT, errno.ENOTDIR, errno.EINVAL)
_MOUNT_POINT = 4  # the field of a line in mountinfo, see proc_pid_mountinfo(5)


def furnish(order: dict[str, Any]) -> None:
    """Mount what is ordered, hide the host, and make the box's root read-only.

    ``host`` is where the host's files are; ``mounts`` are triples of a path there, the place for
    it, and whether it may be written to; ``links`` pairs of a target and the link's place.
    """
    host, mounts = order["host"], order["mounts"]
    for source, place, _writable in mounts:
        _make_place(host + source, place)
        calls.bind(host + source, place)
    for target, name in order["links"]:
        os.makedirs(os.path.dirname(name), 0o755, exist_ok=True)
        os.symlink(target, name)
    calls.detach(host)
    os.rmdir(host)
    _restrict({place: writable for _source, place, writable in mounts})
    calls.restrict("/", read_only=True)


def _make_place(source: str, place: str) -> None:
    if os.path.isdir(source):
        os.makedirs(place, 0o755, exist_ok=True)
        return
    os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def _restrict(writable: dict[str, bool]) -> None:
    """Hold each of our mounts, and the host's mounts within it, to what is ordered for it."""
    for place in _mount_points():
        ours = _nearest(place, writable)
        if not ours:
            continue
        try:
            calls.restrict(place, read_only=not writable[ours])
        except OSError as error:
            if place in writable or error.errno not in _OUT_OF_REACH:
                raise


def _nearest(place: str, ours: dict[str, bool]) -> str:
    """The innermost of our mounts that holds ``place``, or nothing."""
    while place != "/":
        if place in ours:
            return place
        place = os.path.dirname(place)
    return ""


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo", "rb") as file:
        fields = [line.split(b" ")[_MOUNT_POINT] for line in file]
    return [os.fsdecode(_unescaped(field)) for field in fields]


def _unescaped(field: bytes) -> bytes:
    """A path in which blanks and backslashes were written as numbers of three octal digits."""
    first, *others = field.split(b"\\")
    return first + b"".join(bytes((int(part[:3], 8),)) + part[3:] for part in others)
