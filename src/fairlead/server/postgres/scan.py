"""Which processes are PostgreSQL at work on a data folder.

Also a program of its own, ``scan.py UID GID FOLDER``, that becomes this user first: root in a
container may not look at other users' processes (it has no CAP_SYS_PTRACE there), but they at
their own. So it needs nothing but Python: it is started without our packages. What the user may
not look at has another group, or more rights: somebody else's, perhaps in a container with a user
of the same number.
"""

import os
import sys

_STARTED = 19  # index of the field "starttime" after the name in /proc/PID/stat, see proc(5)


class Denied(Exception):
    """There are processes of the folder's owner that we may not look at."""


def scan(data: str, *, as_owner: bool = False) -> list[tuple[int, int]]:
    """Number and start, in clock ticks, of each process; none where there is no such folder.

    Raises ``Denied``, but not for the folder's owner.
    """
    try:
        folder = os.stat(data)
    except OSError:
        return []
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [(pid, started(pid)) for pid in pids if _at_work(pid, folder, as_owner=as_owner)]


def started(pid: int) -> int:
    """When a process began; 0 where there is none, or nothing but its exit code is left of it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[_STARTED])


def _at_work(pid: int, folder: os.stat_result, *, as_owner: bool) -> bool:
    place = f"/proc/{pid}"
    try:
        if os.stat(place).st_uid != folder.st_uid:
            return False
        here = os.stat(f"{place}/cwd")
        if (here.st_dev, here.st_ino) != (folder.st_dev, folder.st_ino):
            return False
        program = os.path.basename(os.readlink(f"{place}/exe"))
    except PermissionError:
        if started(pid) and not as_owner:
            raise Denied from None
        return False
    except OSError:  # it has ended
        return False
    return program.removesuffix(" (deleted)") == "postgres"


def _main(uid: int, gid: int, data: str) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    for pid, start in scan(data, as_owner=True):
        print(pid, start)  # noqa: T201 — this is what it is for


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
