"""Processes of ours that share what is loaded already, and end when we do, however we end."""

import ctypes
import logging
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

import msgspec

from fairlead.errors import FairleadError

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15  # prctl(2)
_LOOK = 0.2  # seconds until we look again whether we are to end
_BROKE = 70  # EX_SOFTWARE, see sysexits.h


class Stopped(Exception):
    """We were asked to end before there was an answer."""


class _Answer(msgspec.Struct):
    value: str = ""
    error: str = ""
    hint: str = ""


def fork(run: Callable[[], object], name: str) -> int:
    """Start ``run`` in a process of its own; its number. Call it from the main thread.

    The process is killed when the thread that forked ends (prctl(2), PR_SET_PDEATHSIG), and has
    a session of its own, so that Ctrl-C reaches only us.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    with warnings.catch_warnings():
        # The other thread waits for PostgreSQL; what it might hold, logging's lock, is freed.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _live(run, name, parent)
    return pid


def ask(run: Callable[[], str], name: str, *, stop: Callable[[], object] = bool) -> str:
    """What ``run`` returns in a process of its own, whose memory goes with it.

    Raises ``FairleadError`` as it did there, or where it broke, and ``Stopped`` once ``stop()``
    is true: signals that were caught end no reading.
    """
    reader, writer = os.pipe()

    def answer() -> None:
        os.close(reader)
        try:
            told = _Answer(value=run())
        except FairleadError as error:
            told = _Answer(error=error.message, hint=error.hint)
        with os.fdopen(writer, "wb") as file:
            file.write(msgspec.json.encode(told))

    pid = fork(answer, name)
    os.close(writer)
    try:
        data = _read(reader, stop)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(reader)
        os.waitpid(pid, 0)
    if not data:
        raise FairleadError(f"{name} broke: see what it said before")
    told = msgspec.json.decode(data, type=_Answer)
    if told.error:
        raise FairleadError(told.error, hint=told.hint)
    return told.value


def _read(reader: int, stop: Callable[[], object]) -> bytes:
    data = b""
    while not stop():
        if select.select([reader], [], [], _LOOK)[0]:
            piece = os.read(reader, 1 << 16)
            if not piece:
                return data
            data += piece
    raise Stopped


def _live(run: Callable[[], object], name: str, parent: int) -> NoReturn:
    code = _BROKE
    try:
        _settle(name, parent)
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
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it ended before it could be told
    libc.prctl(_PR_SET_NAME, f"fairlead-{name}".encode()[:15], 0, 0, 0)
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
