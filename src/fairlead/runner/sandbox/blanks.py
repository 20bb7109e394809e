"""Boxes of bubblewrap before any job's files are in them, made ahead of time where that helps.

Making one takes longer than all else that comes before a job's first command, and does not depend
on the job's files: so one can be under way while git and the environments are asked.
"""

import contextlib
import os
import threading
from functools import lru_cache
from pathlib import Path

import msgspec

from fairlead.errors import SandboxFailed
from fairlead.model import Limits
from fairlead.runner.sandbox import layout
from fairlead.runner.sandbox.cgroup import Groups
from fairlead.runner.sandbox.helper import open_grouped
from fairlead.runner.sandbox.keeper.light import Socket
from fairlead.runner.sandbox.layout import Blank, Machine
from fairlead.util.errand import Errand

_SMALLEST_TMP = 64 << 20

Opened = tuple[Socket, Groups]
"""The socket that leads to a box's warden, and the groups its commands will be in."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What tells blank boxes apart. ``network`` is a job's network mode.

    ``names`` changes with the files by which names are resolved: a box has those of its making.
    """

    program: str
    network: str
    processes: int | None
    memory: int | None
    names: tuple[int, ...] = ()


_lock = threading.Lock()
_waiting: list[tuple[Kind, Errand[Opened]]] = []


def warm(kind: Kind, most: int) -> None:
    """Start making a box of this kind, unless ``most`` of them are waiting already."""
    with _lock:
        if sum(waiting == kind for waiting, _ in _waiting) < most:
            _waiting.append((kind, Errand(lambda: _make(kind))))


def take(kind: Kind) -> Opened:
    """A box of this kind: the one that waits longest, else a new one. Raises ``SandboxFailed``."""
    put_away(outdated_since=kind.names)
    with _lock:
        place = next((i for i, (waiting, _) in enumerate(_waiting) if waiting == kind), None)
        ready = None if place is None else _waiting.pop(place)[1]
    return ready.result() if ready else _make(kind)


def put_away(outdated_since: tuple[int, ...] | None = None) -> None:
    """Close the boxes that nobody took: all, or those that resolve names as they no longer are."""
    with _lock:
        left = [one for one in _waiting if one[0].names != outdated_since]
        _waiting[:] = [one for one in _waiting if one not in left]
    for _, ready in left:
        with contextlib.suppress(SandboxFailed):
            ready.result()[0].close()


def _make(kind: Kind) -> Opened:
    machine = look_around(kind.program)
    limits = Limits(processes=kind.processes, memory=kind.memory)
    blank = Blank(
        files=_own_files(kind.network),
        tmp_size=_tmp_size(limits),
        isolated_network=kind.network != "full",
    )
    order = {
        "kind": "bubblewrap",
        "argv": list(layout.holder_arguments(machine, blank)),
        "files": layout.copied(machine),
        "texts": list(blank.files),
        "root": os.geteuid() == 0,
    }
    return open_grouped(order, limits)


def names_now() -> tuple[int, ...]:
    """The times of the files by which this machine resolves names (0: not there)."""
    found = []
    for path in ("/etc/hosts", "/etc/resolv.conf"):
        try:
            found.append(os.stat(path).st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)


def look_around(program: str) -> Machine:
    """Find out what this machine's file system looks like at the top."""
    times = tuple(os.stat(folder).st_mtime_ns for folder in ("/", "/etc"))
    return _looked_around(program, times)


@lru_cache(maxsize=4)
def _looked_around(program: str, _times: tuple[int, ...]) -> Machine:
    names = [name for name in (*layout.TREES, *layout.MERGED) if os.path.lexists(f"/{name}")]
    linked = [name for name in names if os.path.islink(f"/{name}")]
    resolver = os.path.realpath("/etc/resolv.conf")
    return Machine(
        bwrap=program,
        links=tuple((name, os.readlink(f"/{name}")) for name in linked),
        folders=tuple(name for name in names if name not in linked),
        etc=tuple(name for name in layout.ETC if os.path.isdir(f"/etc/{name}")),
        etc_files=tuple(name for name in layout.ETC if os.path.isfile(f"/etc/{name}")),
        resolver=resolver if os.path.exists(resolver) else "",
    )


def _own_files(network: str) -> tuple[tuple[str, str], ...]:
    """The files of ``/etc`` that are not the machine's."""
    hosts = f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {layout.HOSTNAME}\n"
    try:
        if network == "full":
            hosts = Path("/etc/hosts").read_text("utf-8") + f"\n127.0.1.1 {layout.HOSTNAME}\n"
    except (OSError, ValueError):
        pass
    return (
        (layout.PASSWD, "/etc/passwd"),
        (layout.GROUP, "/etc/group"),
        (hosts, "/etc/hosts"),
        (f"{layout.HOSTNAME}\n", "/etc/hostname"),
    )


def _tmp_size(limits: Limits) -> int:
    """Half the memory a job may use: what lies in ``/tmp`` is memory."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_SMALLEST_TMP, min(limits.memory or installed, installed) // 2)
