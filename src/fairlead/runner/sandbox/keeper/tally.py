"""How many tasks some processes are, how much memory they have to themselves; who descends whom."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM_RESIDENT, _STATM_SHARED = 1, 2
_STAT_PARENT = 1  # counted from behind the command's name, which may hold anything
_DOT, _DOTDOT = 1, 1


def tally(processes: list[int]) -> tuple[int, int]:
    """Tasks (threads) of these processes, and bytes of memory that none of them shares."""
    tasks = pages = 0
    for process in processes:
        try:
            tasks += os.stat(f"/proc/{process}/task").st_nlink - _DOT - _DOTDOT
            with open(f"/proc/{process}/statm", "rb") as file:
                fields = file.read().split()
        except OSError:
            continue
        pages += int(fields[_STATM_RESIDENT]) - int(fields[_STATM_SHARED])
    return tasks, pages * _PAGE


def descendants(ancestor: int) -> list[int]:
    """All processes below one, nearest first."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found, front = [], [ancestor]
    while front:
        front = [child for process in front for child in children.get(process, ())]
        found += front
    return found


def _parents() -> list[tuple[int, int]]:
    if not os.path.isdir("/proc/self"):
        return _parents_by_ps()
    pairs = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        pairs.append((int(name), int(fields[_STAT_PARENT])))
    return pairs


def _parents_by_ps() -> list[tuple[int, int]]:
    import subprocess

    done = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(int(row[0]), int(row[1])) for row in rows]
