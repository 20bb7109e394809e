"""Keeps a server process running, from a thread that lives as long as the process does.

The thread matters: the kernel sends a process its death signal when the thread that started it
ends, so no thread that comes and goes may start the server. When Fairlead is killed, however
abruptly, all its threads end, and PostgreSQL shuts itself down in good order.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from fairlead.server.postgres.errors import PostgresFailed

_SHORTEST, _LONGEST = 0.1, 30.0  # seconds between attempts to start a server that has died
_STEADY = 60.0  # seconds after which a server that dies has not died of its start
_AGAIN = 1.0  # seconds after which a request to stop is repeated: a starting one may miss it
_IMMEDIATE = 7.0  # seconds; PostgreSQL itself kills what does not end after five
_RECOVERY = 600.0  # seconds a server may take to become ready, after a crash of the machine
_PAUSE = 0.005


class Ending(StrEnum):
    """How a server ended: in good order, at once (to recover at its next start), or killed."""

    CLEAN = "clean"
    IMMEDIATE = "immediate"
    KILLED = "killed"


class Keeper:
    """Starts a server, and again whenever it dies, until it is told to stop.

    ``clear`` makes room for it, ``launch`` starts the process, ``ready`` tells whether the one
    with this number answers, ``why`` gives its last words. ``told`` gets a sentence about
    everything out of the ordinary.
    """

    def __init__(
        self,
        *,
        clear: Callable[[], None],
        launch: Callable[[], subprocess.Popen[bytes]],
        ready: Callable[[int], bool],
        why: Callable[[], PostgresFailed],
        told: Callable[[str], None],
    ) -> None:
        self._clear, self._launch, self._is_ready = clear, launch, ready
        self._why, self._told = why, told
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: BaseException | None = None
        self._begun = threading.Event()
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="postgres", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether the server takes connections now."""
        return self._ready.is_set()

    @property
    def pid(self) -> int:
        """The number of the server's process, or 0."""
        process = self._process
        return process.pid if process and process.returncode is None else 0

    def start(self) -> None:
        """Start the server and wait until it takes connections; raises what kept it from that."""
        self._thread.start()
        self._begun.wait()
        if self._error:
            raise self._error

    def stop(self, patience: float) -> Ending:
        """End the server; after ``patience`` seconds, by force. Returns how it ended."""
        with self._guard:
            self._stopping.set()
        if not self._ask(signal.SIGINT, patience):
            return Ending.CLEAN
        self._tell(f"PostgreSQL has not stopped within {patience:g} s: stopping it at once")
        if not self._ask(signal.SIGQUIT, min(patience, _IMMEDIATE)):
            return Ending.IMMEDIATE
        self._ask(signal.SIGKILL, _RECOVERY)
        self._clear()  # of its children, which may be stuck like it
        return Ending.KILLED

    def _ask(self, sent: signal.Signals, patience: float) -> bool:
        """Send a signal, and again from time to time; returns whether the server still runs."""
        until = time.monotonic() + patience
        while self._thread.is_alive() and (left := until - time.monotonic()) > 0:
            if self._process:
                self._process.send_signal(sent)
            self._thread.join(min(left, _AGAIN))
        return self._thread.is_alive()

    def _tell(self, sentence: str) -> None:
        with suppress(Exception):  # of a listener, who must not be what ends the server's keeper
            self._told(sentence)

    def _keep(self) -> None:
        try:
            process = self._begin()
        except BaseException as error:  # noqa: BLE001 — it belongs to whoever called start
            self._error = error
            return
        finally:
            self._begun.set()
        delay = _SHORTEST
        while process:
            began = time.monotonic()
            process.wait()
            self._ready.clear()
            if time.monotonic() - began > _STEADY:
                delay = _SHORTEST
            process, delay = self._again(process.returncode, delay)

    def _again(self, code: int, delay: float) -> tuple[subprocess.Popen[bytes] | None, float]:
        while not self._stopping.wait(delay):
            self._tell(f"PostgreSQL has ended unexpectedly ({code}): starting it again")
            delay = min(delay * 2, _LONGEST)
            try:
                return self._begin(), delay
            except Exception as error:  # noqa: BLE001 — whatever it is, the next attempt may do
                self._tell(str(error))
        return None, delay

    def _begin(self) -> subprocess.Popen[bytes] | None:
        self._clear()
        with self._guard:
            if self._stopping.is_set():
                return None
            process = self._process = self._launch()
        until = time.monotonic() + _RECOVERY
        while not self._is_ready(process.pid):
            if process.poll() is not None:
                raise self._why()
            if time.monotonic() > until:
                process.kill()
                process.wait()
                raise PostgresFailed(f"PostgreSQL was not ready after {_RECOVERY:g} s")
            time.sleep(_PAUSE)
        self._ready.set()
        return process
