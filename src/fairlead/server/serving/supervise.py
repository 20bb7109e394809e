"""Keeps processes running: started again when they die, ended in order."""

import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.serving.forking import Stopped
from fairlead.server.serving.hatching import Part, hatch

log = logging.getLogger(__name__)

_SHORTEST, _LONGEST = 0.1, 30.0  # seconds before a part that has died is started again
_STEADY = 60.0  # seconds after which a part that dies has not died of its start
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Life(msgspec.Struct):
    """A part as it is now; ``pid`` 0 while it does not run, and is to be started at ``due``."""

    part: Part
    pid: int = 0
    began: float = 0.0
    due: float = 0.0
    pause: float = _SHORTEST


class Wakeful:
    """Lets the main thread sleep until a signal comes, none of which is missed.

    ``asked`` counts how often we were asked to end.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._reader, self._writer = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._earlier: dict[int, object] = {}

    def __enter__(self) -> Self:
        for end in (self._reader, self._writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in _STOPS:
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, _heard)
        self._selector.register(self._reader, selectors.EVENT_READ)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number in (*_STOPS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        self._reader.close()
        self._writer.close()

    def watch(self, handle: int) -> None:
        """Wake also when there is something to be read there."""
        self._selector.register(handle, selectors.EVENT_READ)

    def forget(self, handle: int) -> None:
        """Watch it no more."""
        self._selector.unregister(handle)

    def sleep(self, seconds: float | None) -> None:
        """Until something happens, or for so long."""
        self._selector.select(seconds)
        with suppress(BlockingIOError):
            while self._reader.recv(512):
                pass

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1


class Supervisor:
    """Keeps ``parts`` running until somebody asks to end; ends them in their order."""

    def __init__(self, parts: Sequence[Part], wakeful: Wakeful) -> None:
        self._lives = [_Life(part) for part in parts]
        self._wakeful = wakeful

    def begin(self, prepare: Callable[[], str]) -> str:
        """Start all parts once ``prepare``, in a process of its own, has returned; what it did.

        Raises ``FairleadError`` and ``Stopped``; then no part runs.
        """
        return self._hatch(self._lives, prepare)

    def keep(self, also: Callable[[], None]) -> None:
        """Returns when we were asked to end. ``also`` is called whenever something happened."""
        while not self._wakeful.asked:
            self._bury()
            self._start()
            also()
            if not self._wakeful.asked:
                self._wakeful.sleep(self._next())

    def end(self) -> None:
        """End every part, one after the other; at once where we are asked again."""
        for life in self._lives:
            if life.pid:
                self._end(life)

    def _start(self) -> None:
        now = time.monotonic()
        due = [life for life in self._lives if not life.pid and life.due <= now]
        if not due:
            return
        try:
            self._hatch(due)
        except Stopped:
            return
        except FairleadError as error:
            log.error("%s", error)  # noqa: TRY400 — it is not a bug
            for life in due:
                self._postpone(life)

    def _hatch(self, lives: Sequence[_Life], prepare: Callable[[], str] | None = None) -> str:
        brood = hatch([life.part for life in lives], prepare, lambda: self._wakeful.asked)
        for life, pid in zip(lives, brood.pids, strict=True):
            life.pid, life.began = pid, time.monotonic()
        return brood.said

    def _next(self) -> float | None:
        due = [life.due for life in self._lives if not life.pid]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _bury(self) -> None:
        for life in self._lives:
            if life.pid and (how := _ended(life.pid)):
                now = time.monotonic()
                if now - life.began > _STEADY:
                    life.pause = _SHORTEST
                log.warning("%s %s: starting it again in %g s", life.part.name, how, life.pause)
                self._postpone(life)

    def _postpone(self, life: _Life) -> None:
        life.pid, life.due = 0, time.monotonic() + life.pause
        life.pause = min(life.pause * 2, _LONGEST)

    def _end(self, life: _Life) -> None:
        name, patience, asked = life.part.name, life.part.patience, self._wakeful.asked
        until = None if patience is None else time.monotonic() + patience
        os.kill(life.pid, signal.SIGTERM)
        while not _ended(life.pid):
            left = None if until is None else until - time.monotonic()
            if (left is not None and left <= 0) or self._wakeful.asked > max(asked, 1):
                log.warning("%s has not ended in time: killing it", name)
                os.kill(life.pid, signal.SIGKILL)
                os.waitpid(life.pid, 0)
                break
            self._wakeful.sleep(left)
        life.pid = 0


def _ended(pid: int) -> str:
    """How a process of ours ended; empty while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if not found:
        return ""
    code = os.waitstatus_to_exitcode(status)
    return f"ended with exit code {code}" if code >= 0 else f"was ended by signal {-code}"


def _heard(_number: int, _frame: FrameType | None) -> None:
    """It only has to wake us."""
