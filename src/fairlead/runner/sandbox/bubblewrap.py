"""Isolation by bubblewrap: namespaces of users, processes, mounts and the network, as anybody."""

import os
from pathlib import Path
from typing import Any

from fairlead.errors import SandboxFailed
from fairlead.model import Limits
from fairlead.runner.sandbox import blanks, layout
from fairlead.runner.sandbox.base import BoxSpec
from fairlead.runner.sandbox.blanks import Kind, look_around, names_now
from fairlead.runner.sandbox.box import Inside, KeptBox
from fairlead.runner.sandbox.keeper import wire
from fairlead.runner.sandbox.layout import Machine, Shown
from fairlead.runner.sandbox.limits import kernel_limits
from fairlead.util.proc import find_program

_COUNTS_BY_NAMESPACE = (5, 14)  # Linux since when RLIMIT_NPROC counts in the user namespace


class Bubblewrap:
    """The sandbox that isolates. ``program`` is the path of ``bwrap``."""

    name = "bubblewrap"
    isolated = True
    moves = True
    reason = ""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or find_program("bwrap") or "bwrap"

    def warm(self, limits: Limits, network: str, most: int = 1) -> None:
        """Begin with a box for the next job that has these limits and this network mode."""
        blanks.warm(self._kind(limits, network), most)

    def open(self, spec: BoxSpec) -> KeptBox:
        """Make a box. Raises ``SandboxFailed`` with what ``bwrap`` says."""
        order = _furniture(spec, look_around(self._program))
        link, groups = blanks.take(self._kind(spec.limits, spec.network.mode))
        try:
            wire.send(link, order)
            problem = wire.receive(link)["error"]
        except (OSError, EOFError):
            problem = "it ended"
        if problem:
            link.close()
            raise SandboxFailed(f"the job's files cannot be put into its box: {problem}")
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

    def _kind(self, limits: Limits, network: str) -> Kind:
        return Kind(
            program=self._program,
            network=network,
            processes=limits.processes,
            memory=limits.memory,
            names=names_now(),
        )


def unmet_limits(limits: Limits, kept: frozenset[str]) -> tuple[str, ...]:
    """What is only looked at from time to time, in sentences, where no control group keeps it."""
    said = []
    if limits.memory is not None and "memory" not in kept:
        said.append("the memory limit is checked by sampling, the kernel does not enforce it")
    if limits.processes is not None and "pids" not in kept and os.geteuid() == 0:
        said.append("the process limit is checked by sampling, the kernel does not enforce it")
    return tuple(said)


def _furniture(spec: BoxSpec, machine: Machine) -> dict[str, Any]:
    """What of the host the box shows, for its keeper. Makes the box's home."""
    home = spec.scratch / "home"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxFailed(f"cannot write {spec.scratch}: {error.strerror}") from error
    readable, writable = map(str, spec.readable), map(str, spec.writable)
    real = {str(path): _real(path) for path in (*spec.readable, *spec.writable)}
    if "/" in real.values():
        raise SandboxFailed("a box cannot show all of the machine")
    reading, links = layout.appearing(readable, real)
    writing, more_links = layout.appearing(writable, real)
    shown = [Shown(dest=path, source=path) for path in reading - writing]
    shown += [Shown(dest=path, source=path, writable=True) for path in writing]
    for dest, folder in ((layout.HOME, home), (spec.inside, spec.workspace)):
        shown.append(Shown(dest=dest, source=_real(folder), writable=True))
    return {
        "host": layout.HOST,
        "mounts": layout.mounts(machine, tuple(shown)),
        "links": list(dict.fromkeys((*links, *more_links))),
    }


def _real(path: Path) -> str:
    """The path without links in it, of what is there. The kernel says it at once."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise SandboxFailed(f"{path}: no such file or folder to show in the box") from error
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


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
