"""Waiting for one command: its output, its deadlines, its silence, the wish to cancel it."""

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Callable

import msgspec

from fairlead.runner.cancel import Cancel
from fairlead.runner.sandbox.base import Running

_CHUNK = 1 << 18
_PIPE_SIZE = 1 << 20
_TICK = 0.05
_REST = 0.02
_LITTLE = 1 << 14
_GRACE = 0.25  # seconds a finished command's output may still take to arrive


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended. ``code`` is None where it was stopped by us, ``reason`` says why."""

    code: int | None
    seconds: float
    reason: str = ""
    timed_out: bool = False
    cancelled: bool = False


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a command is held to: seconds in all, seconds without a sign of life."""

    timeout: float | None = None
    silence: float | None = None


def execute(
    running: Running,
    *,
    watch: Watch,
    cancel: Cancel,
    sink: Callable[[bytes], None],
    tick: Callable[[], bool] | None = None,
    check: Callable[[], str] | None = None,
) -> Ended:
    """Wait until ``running`` has ended or must be ended, and leave none of its processes.

    ``sink`` gets output as it comes, what follows a little of it 20 ms later: a program that
    prints a dot at a time must not be interrupted for each. ``tick`` is called every 50 ms and
    tells whether it saw a sign of life that was not output (a test that ended). ``check`` is called
    as often and returns a sentence when a limit was exceeded.
    """
    loop = _Loop(running, watch, cancel, sink)
    try:
        return loop.until_ended(tick, check)
    finally:
        running.close()


class _Loop:
    def __init__(
        self, running: Running, watch: Watch, cancel: Cancel, sink: Callable[[bytes], None]
    ) -> None:
        self._running = running
        self._watch = watch
        self._cancel = cancel
        self._sink = sink
        self._started = self._alive = time.monotonic()
        self._open = True
        self._look_at = self._started
        self._rest_until: float | None = None
        self._poll = select.poll()
        os.set_blocking(running.output, False)
        _widen(running.output)
        for descriptor in (running.output, running.wait_fd(), cancel.fd):
            self._poll.register(descriptor, select.POLLIN)

    def until_ended(
        self, tick: Callable[[], bool] | None, check: Callable[[], str] | None
    ) -> Ended:
        often = tick is not None or check is not None
        while True:
            self._await(often=often)
            code = self._running.poll()
            look = code is not None or self._look_is_due()
            if look and tick is not None and tick():
                self._alive = time.monotonic()
            if code is not None:
                self._drain()
                if tick is not None:
                    tick()
                # What the kernel ended for using too much has not failed by itself.
                if code and check is not None and (exceeded := check()):
                    return Ended(code=None, seconds=self._seconds(), reason=exceeded)
                return Ended(code=code, seconds=self._seconds())
            if stopped := self._must_stop(check() if look and check is not None else ""):
                self._running.kill()
                self._drain()
                return stopped

    def _await(self, *, often: bool) -> None:
        """Wait until there is something to do, and take output in."""
        now = time.monotonic()
        if self._rest_until is not None and now >= self._rest_until:
            self._rest(None)
        ready = {descriptor for descriptor, _ in self._poll.poll(self._patience(now, often=often))}
        if self._open and self._running.output in ready:
            size = self._read()
            if self._open:
                self._rest(time.monotonic() + _REST if size < _LITTLE else None)

    def _rest(self, until: float | None) -> None:
        """Look at no output until then; at all times when the other end of the pipe closes."""
        if (until is None) != (self._rest_until is None) and self._open:
            self._poll.modify(self._running.output, select.POLLIN if until is None else 0)
        self._rest_until = until

    def _look_is_due(self) -> bool:
        now = time.monotonic()
        due = now >= self._look_at
        if due:
            self._look_at = now + _TICK
        return due

    def _must_stop(self, exceeded: str) -> Ended | None:
        seconds = self._seconds()
        if self._cancel.thrown:
            reason = self._cancel.reason
            return Ended(code=None, seconds=seconds, reason=reason, cancelled=True)
        if exceeded:
            return Ended(code=None, seconds=seconds, reason=exceeded)
        limit, silence = self._watch.timeout, self._watch.silence
        if limit is not None and seconds >= limit:
            reason = f"timed out after {_spoken(limit)}"
            return Ended(code=None, seconds=seconds, reason=reason, timed_out=True)
        if silence is not None and time.monotonic() - self._alive >= silence:
            reason = f"no output for {_spoken(silence)}"
            return Ended(code=None, seconds=seconds, reason=reason, timed_out=True)
        return None

    def _patience(self, now: float, *, often: bool) -> float:
        """Milliseconds until the next thing that must be looked at."""
        until = [self._look_at] if often else []
        if self._rest_until is not None:
            until.append(self._rest_until)
        if self._watch.timeout is not None:
            until.append(self._started + self._watch.timeout)
        if self._watch.silence is not None:
            until.append(self._alive + self._watch.silence)
        return max(0.0, (min(until) - now) * 1000 + 1) if until else -1

    def _read(self) -> int:
        """Pass on what is there; returns how many bytes that were."""
        try:
            data = os.read(self._running.output, _CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        if not data:
            self._poll.unregister(self._running.output)
            self._open = False
            return 0
        self._alive = time.monotonic()
        self._sink(data)
        return len(data)

    def _drain(self) -> None:
        """Read what a finished command left in the pipe.

        A process it left behind may hold the pipe open, or write to it, for ever: so the end of
        file is waited for only shortly, and no more is read than the pipe can have held.
        """
        until = time.monotonic() + _GRACE
        left_over = 2 * _PIPE_SIZE
        while self._open and left_over > 0:
            size = self._read()
            left_over -= size
            if not size and self._open:
                left = until - time.monotonic()
                waiter = select.poll()
                waiter.register(self._running.output, select.POLLIN)
                if left <= 0 or not waiter.poll(left * 1000):
                    return

    def _seconds(self) -> float:
        return time.monotonic() - self._started


def _widen(pipe: int) -> None:
    """Let more output wait in the pipe, so that a chatty step is woken less often."""
    # Not on every system, and refused when the user's share of pipe memory is used up.
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)


def _spoken(seconds: float) -> str:
    """A duration for a sentence: ``90 s``, ``10 min``."""
    if seconds >= 120 and seconds % 60 == 0:  # noqa: PLR2004 — from two minutes on
        return f"{seconds / 60:g} min"
    return f"{seconds:g} s"
