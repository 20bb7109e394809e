"""Processes of a server that nobody looks after any more: found, and ended in good order.

A pid file is not believed: the number in it may be anybody's by now. A process is PostgreSQL at
work on a cluster if it runs a program of that name *in* that data folder, which is where
PostgreSQL's processes stay, and belongs to the folder's owner.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from fairlead.server.postgres import scan
from fairlead.server.postgres.errors import PostgresFailed, unwritable
from fairlead.server.postgres.pidfile import disown, read_pidfile
from fairlead.util.proc import run

_PATIENCE = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 7.0), (signal.SIGKILL, 5.0))
_PAUSE = 0.01


class AtWork(msgspec.Struct, frozen=True):
    """A process, told from a later one of the same number by its start (clock ticks)."""

    pid: int
    started: int


def end_leftovers(data: Path, told: Callable[[str], None]) -> None:
    """End every process that works on ``data``, and make its pid file harmless.

    Call it under the supervisor's lock. Raises ``PostgresFailed`` where one cannot be ended.
    """
    file = read_pidfile(data)
    at_work = processes_in(data)
    if file and any(process.pid == -file.pid for process in at_work):
        raise PostgresFailed(
            f"process {-file.pid} works on {data} in PostgreSQL's single-user mode",
            hint="end it first",
        )
    server = next((process for process in at_work if file and process.pid == file.pid), None)
    if server:
        told(f"ending a PostgreSQL (process {server.pid}) that was left behind")
        _end((server,), _PATIENCE)
    orphans = processes_in(data)
    for process in orphans:
        told(f"ending process {process.pid} of a PostgreSQL that has died")
    _end(orphans, _PATIENCE[1:])
    try:
        disown(data)
    except OSError as error:
        raise unwritable(data / "postmaster.pid", error) from error


def processes_in(data: Path) -> tuple[AtWork, ...]:
    """PostgreSQL's processes on a data folder, the server and those it has started."""
    try:
        return tuple(AtWork(*found) for found in scan.scan(str(data)))
    except scan.Denied:
        return _seen_by_owner(data)


def _seen_by_owner(data: Path) -> tuple[AtWork, ...]:
    """The same, seen by the user whose processes they are; nothing if we cannot become it."""
    owner = data.stat()
    argv = (sys.executable, "-I", "-S", scan.__file__, str(owner.st_uid), str(owner.st_gid), data)
    lines = run(argv, cwd="/", env={}).text.splitlines()
    return tuple(AtWork(*map(int, line.split())) for line in lines)


def _lives(process: AtWork) -> bool:
    return scan.started(process.pid) == process.started


def _end(processes: tuple[AtWork, ...], steps: tuple[tuple[signal.Signals, float], ...]) -> None:
    for sent, patience in steps:
        until = time.monotonic() + patience
        for process in filter(_lives, processes):
            with suppress(ProcessLookupError):
                os.kill(process.pid, sent)
        while any(map(_lives, processes)) and time.monotonic() < until:
            time.sleep(_PAUSE)
    if left := next(filter(_lives, processes), None):
        raise PostgresFailed(f"process {left.pid} of PostgreSQL does not end")
