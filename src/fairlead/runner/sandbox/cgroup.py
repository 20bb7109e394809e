"""Control groups: limits on processes and memory that the kernel keeps, where we may make groups.

Version 1 has a hierarchy per controller, version 2 one for all (cgroups(7)). In version 2 a group
with processes in it cannot have children with limits, so ours becomes a sibling or an uncle of the
group we are in: a child of the nearest ancestor that hands the controllers on.
"""

import contextlib
import itertools
import os
import time
from pathlib import Path

import msgspec

from fairlead.model import Limits

ROOT = Path("/sys/fs/cgroup")
_OURS = 16  # tasks of the keeper in a box, which the job is not to pay for
_PREFIX = "fairlead-"
_ABANDONED = 60.0  # seconds after which an empty group of a dead process is nobody's
_numbers = itertools.count(1)


class Seat(msgspec.Struct, frozen=True):
    """A group of ours: ``folder``, which controllers it limits by, and the group we come from."""

    folder: Path
    controllers: frozenset[str]
    home: Path
    version: int

    @property
    def entrance(self) -> str:
        """The file by which a process with one thread, such as a warden, moves itself.

        A write to ``cgroup.procs`` moves all threads, and for that the kernel waits until every
        processor has been idle or in the kernel: 6 to 20 ms. Version 2 offers nothing else.
        """
        return "tasks" if self.version == 1 else "cgroup.procs"


class Groups:
    """The groups of one box. Empty where the machine lets us make none."""

    def __init__(self, seats: tuple[Seat, ...]) -> None:
        self._seats = seats

    @property
    def limits(self) -> frozenset[str]:
        """What these groups limit: some of ``pids`` and ``memory``."""
        return frozenset[str]().union(*(seat.controllers for seat in self._seats))

    @property
    def entries(self) -> list[tuple[str, str]]:
        """What the keeper enters and, at the end, goes back to."""
        return [
            (str(seat.folder / seat.entrance), str(seat.home / seat.entrance))
            for seat in self._seats
        ]

    def drop_empty(self) -> None:
        """Forget and remove the groups that nobody has entered."""
        empty = [seat for seat in self._seats if not _read(seat.folder / "cgroup.procs").strip()]
        for seat in empty:
            with contextlib.suppress(OSError):
                seat.folder.rmdir()
        self._seats = tuple(seat for seat in self._seats if seat not in empty)

    def hits(self) -> tuple[bool, bool]:
        """Whether the limit of processes was hit, and that of memory, since the groups exist."""
        processes = memory = False
        for seat in self._seats:
            if "pids" in seat.controllers:
                processes = processes or _count(seat.folder / "pids.events", "max") > 0
            if "memory" in seat.controllers:
                file = "memory.events" if seat.version > 1 else "memory.oom_control"
                memory = memory or _count(seat.folder / file, "oom_kill") > 0
        return processes, memory


def make_groups(limits: Limits, root: Path = ROOT, own: str | None = None) -> Groups:
    """Make the groups for a box with these limits, as far as the machine allows.

    ``own`` is the text of ``/proc/self/cgroup``.
    """
    wanted = {
        name
        for name, limit in (("pids", limits.processes), ("memory", limits.memory))
        if limit is not None
    }
    text = _read(Path("/proc/self/cgroup")) if own is None else own
    seats: list[Seat] = []
    for home, parent, controllers, version in _parents(root, text, wanted):
        seat = _make_seat(home, parent, controllers, version)
        if seat is not None and _fill(seat, limits):
            seats.append(seat)
    return Groups(tuple(seats))


def _parents(
    root: Path, own: str, wanted: set[str]
) -> list[tuple[Path, Path, frozenset[str], int]]:
    """Where groups could be made: home, the folder to make it in, controllers, version."""
    found = []
    for line in own.splitlines():
        number, names, group = line.split(":", 2)
        if number == "0":
            found += _unified(root, group, wanted)
            continue
        controllers = frozenset(names.split(",")) & wanted
        home = _existing(root / names, group) if controllers else None
        if home is not None and os.access(home, os.W_OK):
            found.append((home, home, controllers, 1))
    return found


def _existing(hierarchy: Path, group: str) -> Path | None:
    """Our group's folder. In a container the hierarchy may show only what is below ours."""
    for folder in (hierarchy / group.lstrip("/"), hierarchy):
        if (folder / "cgroup.procs").exists():
            return folder
    return None


def _unified(
    root: Path, group: str, wanted: set[str]
) -> list[tuple[Path, Path, frozenset[str], int]]:
    home = _existing(root, group)
    folder = home
    while folder is not None and (folder / "cgroup.procs").exists():
        handed_on = frozenset(_read(folder / "cgroup.subtree_control").split()) & wanted
        if home and handed_on and os.access(folder, os.W_OK):
            return [(home, folder, handed_on, 2)]
        folder = folder.parent
    return []


def _make_seat(home: Path, parent: Path, controllers: frozenset[str], version: int) -> Seat | None:
    _sweep(parent)
    folder = parent / f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
    try:
        folder.mkdir()
    except OSError:
        return None
    return Seat(folder, controllers, home, version)


def _sweep(parent: Path) -> None:
    """Remove groups that a killed Fairlead and its keeper left; those in use refuse it."""
    for name in os.listdir(parent):
        if not name.startswith(_PREFIX):
            continue
        folder, process = parent / name, name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            old = time.time() - folder.stat().st_mtime > _ABANDONED
            if old and not Path("/proc", process).exists():
                folder.rmdir()


def _fill(seat: Seat, limits: Limits) -> bool:
    try:
        if "pids" in seat.controllers and limits.processes is not None:
            (seat.folder / "pids.max").write_text(str(limits.processes + _OURS))
        if "memory" in seat.controllers and limits.memory is not None:
            name = "memory.max" if seat.version > 1 else "memory.limit_in_bytes"
            (seat.folder / name).write_text(str(limits.memory))
    except OSError:
        with contextlib.suppress(OSError):
            seat.folder.rmdir()
        return False
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""


def _count(path: Path, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0
