"""Isolation by bubblewrap: namespaces of users, processes, mounts and the network, as anybody."""

import os
from pathlib import Path

from fairlead.errors import SandboxFailed
from fairlead.model import Limits
from fairlead.runner.sandbox import layout
from fairlead.runner.sandbox.base import BoxSpec
from fairlead.runner.sandbox.box import Inside, KeptBox
from fairlead.runner.sandbox.helper import open_grouped
from fairlead.runner.sandbox.layout import Layout, Machine, Shown
from fairlead.runner.sandbox.limits import kernel_limits
from fairlead.util.proc import find_program

_SMALLEST_TMP = 64 << 20
_COUNTS_BY_NAMESPACE = (5, 14)  # Linux since when RLIMIT_NPROC counts in the user namespace


class Bubblewrap:
    """The sandbox that isolates. ``program`` is the path of ``bwrap``."""

    name = "bubblewrap"
    isolated = True
    moves = True
    reason = ""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or find_program("bwrap") or "bwrap"
        self._machine: Machine | None = None

    def open(self, spec: BoxSpec) -> KeptBox:
        """Make a box. Raises ``SandboxFailed`` with what ``bwrap`` says."""
        if self._machine is None:
            self._machine = look_around(self._program)
        look = _layout(spec, self._machine)
        order = {
            "kind": self.name,
            "argv": list(layout.holder_arguments(self._machine, look)),
            "files": layout.copied(self._machine, look),
            "root": os.geteuid() == 0,
        }
        link, groups = open_grouped(order, spec.limits)
        inside = Inside(
            root=spec.inside,
            home=layout.HOME,
            tmp=layout.TMP,
            uid=layout.USER,
            limits=kernel_limits(spec.limits, tasks_before=_tasks_before()),
            network=spec.network.mode != "full",
            unmet=unmet_limits(spec.limits, groups.limits),
        )
        return KeptBox(spec, inside, link, groups)


def unmet_limits(limits: Limits, kept: frozenset[str]) -> tuple[str, ...]:
    """What is only looked at from time to time, in sentences, where no control group keeps it."""
    said = []
    if limits.memory is not None and "memory" not in kept:
        said.append("the memory limit is checked by sampling, the kernel does not enforce it")
    if limits.processes is not None and "pids" not in kept and os.geteuid() == 0:
        said.append("the process limit is checked by sampling, the kernel does not enforce it")
    return tuple(said)


def look_around(program: str) -> Machine:
    """Find out what this machine's file system looks like at the top."""
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


def _layout(spec: BoxSpec, machine: Machine) -> Layout:
    del machine
    home, files = _own_files(spec)
    real = {path: Path(os.path.realpath(path)) for path in (*spec.readable, *spec.writable)}
    for path, place in real.items():
        if not place.exists():
            raise SandboxFailed(f"{path}: no such file or folder to show in the box")
        if place == Path("/"):
            raise SandboxFailed("a box cannot show all of the machine")
    reading, links = layout.appearing(spec.readable, real)
    writing, more_links = layout.appearing(spec.writable, real)
    shown = [Shown(dest=path, source=path) for path in sorted(reading - writing)]
    shown += [Shown(dest=path, source=path, writable=True) for path in sorted(writing)]
    shown.append(Shown(dest=layout.HOME, source=str(home), writable=True))
    shown.append(Shown(dest=spec.inside, source=str(spec.workspace), writable=True))
    return Layout(
        root=spec.inside,
        shown=tuple(shown),
        links=tuple(dict.fromkeys((*links, *more_links))),
        files=files,
        tmp_size=_tmp_size(spec.limits),
        isolated_network=spec.network.mode != "full",
    )


def _own_files(spec: BoxSpec) -> tuple[Path, tuple[tuple[str, str], ...]]:
    """Make the box's home and the files of ``/etc`` that are not the machine's."""
    home, etc = spec.scratch / "home", spec.scratch / "etc"
    hosts = f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {layout.HOSTNAME}\n"
    try:
        if spec.network.mode == "full":
            hosts = Path("/etc/hosts").read_text("utf-8") + f"\n127.0.1.1 {layout.HOSTNAME}\n"
    except (OSError, ValueError):
        pass
    texts = {
        "passwd": layout.PASSWD,
        "group": layout.GROUP,
        "hosts": hosts,
        "hostname": f"{layout.HOSTNAME}\n",
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        etc.mkdir(exist_ok=True)
        for name, text in texts.items():
            (etc / name).write_text(text, "utf-8")
    except OSError as error:
        raise SandboxFailed(f"cannot write {spec.scratch}: {error.strerror}") from error
    return home, tuple((str(etc / name), f"/etc/{name}") for name in texts)


def _tmp_size(limits: Limits) -> int:
    """Half the memory a job may use: what lies in ``/tmp`` is memory."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(_SMALLEST_TMP, min(limits.memory or installed, installed) // 2)


def _tasks_before() -> int:
    """How many tasks of this user the kernel will count along."""
    numbers = os.uname().release.split(".")[:2]
    if tuple(int(n) for n in numbers if n.isdecimal()) >= _COUNTS_BY_NAMESPACE:
        return 0
    return tasks_on_machine()


def tasks_on_machine() -> int:
    """All tasks on this machine, 0 where the system does not say."""
    try:
        text = Path("/proc/loadavg").read_text("ascii")
        return int(text.split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 0
