"""Whether a box has hit one of its limits: asked often, so answered cheaply.

Where a control group counts, its counters are read. Elsewhere a number the kernel gives away (tasks
on the machine, memory in use, free disk space) tells when it is worth counting the box's own.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from fairlead.model import Limits
from fairlead.runner.sandbox.cgroup import Groups
from fairlead.runner.sandbox.limits import spoken_size

_LEAST_FREE = 64 << 20  # bytes that must stay free on the disk a workspace is on
_COUNT_EVERY = 0.2  # seconds between counts of the box's own tasks and memory
_MEASURE_EVERY = 2.0  # least seconds between two walks through the workspace
_MEASURE_SHARE = 20  # a walk may take a twentieth of the time
_HASTE = 3  # when much was written, a quarter
_BLOCK = 512  # bytes, the unit of st_blocks

Tally = Callable[[], tuple[int, int]]


class Watch:
    """The limits of one box, and what has become of them. The first that is hit stays hit."""

    def __init__(
        self, limits: Limits, groups: Groups, tally: Tally, places: tuple[Path, ...]
    ) -> None:
        self._limits = limits
        self._groups = groups
        self._tally = tally
        self._counted_at = 0.0
        self._disk = _Disk(places, limits.disk)
        self._said = ""

    def exceeded(self) -> str:
        """A sentence on the limit that was hit, or nothing."""
        if not self._said:
            self._said = self._group_hit() or self._count_hit() or self._disk.exceeded()
        return self._said

    def _group_hit(self) -> str:
        if not self._groups.limits:
            return ""
        processes, memory = self._groups.hits()
        if memory:
            return self._memory_said()
        return self._processes_said() if processes else ""

    def _count_hit(self) -> str:
        tasks = None if "pids" in self._groups.limits else self._limits.processes
        memory = None if "memory" in self._groups.limits else self._limits.memory
        crowded = tasks is not None and _tasks_here() >= tasks
        filled = memory is not None and _memory_used() >= memory
        now = time.monotonic()
        if not (crowded or filled) or now - self._counted_at < _COUNT_EVERY:
            return ""
        count, size = self._tally()
        self._counted_at = time.monotonic()
        if tasks is not None and count >= tasks:
            return self._processes_said()
        return self._memory_said() if memory is not None and size > memory else ""

    def _processes_said(self) -> str:
        return f"process limit {self._limits.processes} reached"

    def _memory_said(self) -> str:
        return f"memory limit {spoken_size(self._limits.memory or 0)} exceeded (killed)"


def _tasks_here() -> int:
    """All tasks on this machine, or enough to make us count where the system does not say."""
    try:
        with open("/proc/loadavg", "rb") as file:
            return int(file.read().split()[3].partition(b"/")[2])
    except (OSError, IndexError, ValueError):
        return 1 << 30


def _memory_used() -> int:
    """Bytes of memory in use on this machine."""
    try:
        with open("/proc/meminfo", "rb") as file:
            lines = file.read(256).splitlines()
        sizes = {name: int(size.split()[0]) << 10 for name, size in (x.split(b":") for x in lines)}
        return sizes[b"MemTotal"] - sizes[b"MemAvailable"]
    except (OSError, KeyError, IndexError, ValueError):
        return 1 << 62


class _Disk:
    """The size of some folders, measured aside and no more often than that is worth."""

    def __init__(self, places: tuple[Path, ...], limit: int | None) -> None:
        self._places = places
        self._limit = limit
        self._used = 0
        self._free = self._free_now()
        self._soonest = 0.0
        self._next = time.monotonic() + _MEASURE_EVERY
        self._walk: threading.Thread | None = None

    def exceeded(self) -> str:
        free = self._free_now()
        if free < _LEAST_FREE:
            return f"the disk is full: {spoken_size(max(free, 0))} left for workspaces"
        if self._limit is None:
            return ""
        if self._used > self._limit:
            return f"disk quota of {spoken_size(self._limit)} exceeded"
        # Space that has gone since the last walk may be ours; other jobs may have freed as much.
        soon = self._free - free > (self._limit - self._used) // 2
        due = time.monotonic() >= (self._soonest if soon else self._next)
        if due and not (self._walk and self._walk.is_alive()):
            self._walk = threading.Thread(target=self._measure, args=(free,), daemon=True)
            self._walk.start()
        return ""

    def _measure(self, free: int) -> None:
        began = time.monotonic()
        seen: set[tuple[int, int]] = set()
        self._used = sum(folder_size(place, seen) for place in self._places)
        self._free = free
        ended = time.monotonic()
        self._soonest = ended + _HASTE * (ended - began)
        self._next = ended + max(_MEASURE_EVERY, _MEASURE_SHARE * (ended - began))

    def _free_now(self) -> int:
        try:
            disk = os.statvfs(self._places[0])
        except OSError:
            return 1 << 62
        return disk.f_bavail * disk.f_frsize


def folder_size(folder: Path, seen: set[tuple[int, int]]) -> int:
    """Bytes on disk of all files below a folder; files with several names count once."""
    size = 0
    left = [str(folder)]
    while left:
        try:
            entries = list(os.scandir(left.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
            except OSError:
                continue
            if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
            size += status.st_blocks * _BLOCK
    return size
