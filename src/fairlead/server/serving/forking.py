"""Processes of ours that share what is loaded already, and end when we do, however we end."""

import ctypes
import logging
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import msgspec

from fairlead.errors import FairleadError
from fairlead.util.decoding import from_json

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36  # prctl(2)
_LOOK = 0.2  # seconds until we look again whether we are to end
_ADOPTED = 0.002  # seconds until a process looks again whose child it is
_BROKE = 70  # EX_SOFTWARE, see sysexits.h


class Stopped(Exception):
    """We were asked to end before there was an answer."""


class _Answer(msgspec.Struct):
    value: str = ""
    error: str = ""
    hint: str = ""


def fork(run: Callable[[], object], name: str, *, adopter: int = 0) -> int:
    """Start ``run`` in a process of its own; its number. Call it from the main thread.

    The process is killed when the thread that forked ends (prctl(2), PR_SET_PDEATHSIG), and has
    a session of its own, so that Ctrl-C reaches only us. With an ``adopter`` it begins when that
    process has become its parent, and ends where another one does.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    with warnings.catch_warnings():
        # The other thread waits for PostgreSQL; what it might hold, logging's lock, is freed.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _live(run, name, parent, adopter)
    return pid


def ask(run: Callable[[], str], name: str, *, stop: Callable[[], object] = bool) -> str:
    """What ``run`` returns in a process of its own, whose memory goes with it.

    Raises ``FairleadError`` as it did there, or where it broke, and ``Stopped`` once ``stop()``
    is true: signals that were caught end no reading.
    """
    with _asked(run, name, stop) as value:
        return value


def adopt(run: Callable[[], str], name: str, *, stop: Callable[[], object] = bool) -> str:
    """As ``ask``, but what ``run`` has forked for us as their ``adopter`` is ours afterwards."""
    with _asked(run, name, stop) as value:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what loses its parent now is ours, not the system's
    _prctl(_PR_SET_CHILD_SUBREAPER, 0)
    return value


@contextmanager
def _asked(run: Callable[[], str], name: str, stop: Callable[[], object]) -> Iterator[str]:
    """An answer, and the process that gave it until the end of the block."""
    (reader, writer), (stay, leave) = os.pipe(), os.pipe()

    def answer() -> None:
        os.close(reader)
        os.close(leave)
        try:
            told = _Answer(value=run())
        except FairleadError as error:
            told = _Answer(error=error.message, hint=error.hint)
        with os.fdopen(writer, "wb") as file:
            file.write(msgspec.json.encode(told) + b"\n")
        os.read(stay, 1)

    pid = fork(answer, name)
    os.close(writer)
    os.close(stay)
    try:
        yield _value(_read(reader, stop), name)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(reader)
        os.close(leave)
        os.waitpid(pid, 0)


def _value(data: bytes, name: str) -> str:
    if not data:
        raise FairleadError(f"{name} broke: see what it said before")
    told = from_json(data, _Answer)
    if told.error:
        raise FairleadError(told.error, hint=told.hint)
    return told.value


def _read(reader: int, stop: Callable[[], object]) -> bytes:
    """A line; what was forked meanwhile may hold the other end open."""
    data = b""
    while not stop():
        if select.select([reader], [], [], _LOOK)[0]:
            piece = os.read(reader, 1 << 16)
            data += piece
            if data.endswith(b"\n"):
                return data
            if not piece:
                return b""
    raise Stopped


def _live(run: Callable[[], object], name: str, parent: int, adopter: int) -> NoReturn:
    code = _BROKE
    try:
        while adopter and os.getppid() == parent:
            time.sleep(_ADOPTED)
        _settle(name, adopter or parent)
        run()
        code = 0
    except FairleadError as error:
        log.error("%s", error)  # noqa: TRY400 — it is not a bug
        code = error.exit_code
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
    except BaseException:
        log.exception("%s broke", name)
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _settle(name: str, parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)  # it ended before it could be told
    _prctl(_PR_SET_NAME, f"fairlead-{name}".encode()[:15])
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)


def _prctl(what: int, value: int | bytes) -> None:
    ctypes.CDLL(None).prctl(what, value, 0, 0, 0)
