"""Fairlead's end of the keeper: one helper process for all boxes, started when first needed."""

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

from fairlead.errors import SandboxFailed
from fairlead.model import Limits
from fairlead.runner import keeping
from fairlead.runner.sandbox.cgroup import Groups, make_groups
from fairlead.runner.sandbox.keeper import wire
from fairlead.runner.sandbox.keeper.light import Socket, socketpair


class Helper:
    """A running keeper. Safe to use from several threads; ends with this process at the latest."""

    def __init__(self) -> None:
        try:
            started = keeping.take()
        except OSError as error:
            raise SandboxFailed(f"cannot start the helper process: {error}") from error
        self._control, self._pid = started.control, started.pid

    def open(self, order: dict[str, Any], make: Callable[[], Groups]) -> Socket:
        """Have a box kept; returns the socket that starts commands in it and ends it by closing.

        ``make`` is called while the box is set up, to make the control groups of its commands.
        Raises ``SandboxFailed`` with what the keeper says.
        """
        link, other = socketpair()
        try:
            with other:
                wire.send_mark(self._control, wire.OPEN, [other.fileno()])
            wire.send(link, order)
            wire.send(link, make().entries)
            problem = wire.receive(link)["error"]
        except (OSError, EOFError) as error:
            link.close()
            raise SandboxFailed("the helper process ended while it set up a box") from error
        if problem:
            link.close()
            raise SandboxFailed(problem)
        return link

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        try:
            return os.waitpid(self._pid, os.WNOHANG)[0] == 0
        except ChildProcessError:
            return False

    def leave(self) -> None:
        """Let it end, when it comes to it."""
        self._control.close()

    def close(self) -> None:
        """Let it end. Boxes that are open stay until they are closed themselves."""
        self.leave()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


_lock = threading.Lock()
_helpers: list[Helper] = []


@atexit.register
def _let_go() -> None:
    """Close our end of what is still there; waiting for the other could take a fork's lifetime."""
    for one in _helpers:
        one.leave()


def helper() -> Helper:
    """The keeper of this process, started on first use and replaced when it has died."""
    with _lock:
        if not (_helpers and _helpers[0].alive):
            _helpers[:] = [Helper()]
        return _helpers[0]


def open_grouped(order: dict[str, Any], limits: Limits) -> tuple[Socket, Groups]:
    """Open a box in this process's keeper, its commands in control groups that keep ``limits``."""
    groups = Groups(())

    def make() -> Groups:
        nonlocal groups
        groups = make_groups(limits)
        return groups

    try:
        return helper().open(order, make), groups
    finally:
        groups.drop_empty()
