"""A command that was started in a box, as Fairlead sees it."""

import contextlib
import os

from fairlead.errors import SandboxFailed
from fairlead.runner.sandbox.keeper import wire
from fairlead.runner.sandbox.keeper.light import Socket, socket

_LOST = -9  # its leader was killed too, and could not tell


class Command:
    """What ``Running`` promises; made by ``KeptBox.start``.

    ``output`` is -1 for an interactive command, whose terminal is given back to us at its end.
    """

    def __init__(self, channel: Socket, output: int, terminal: int = -1) -> None:
        self.output = output
        self._channel = channel
        self._terminal = terminal
        self._heard = b""
        self._started = False
        self._code: int | None = None
        self._detached = False

    def order(self, order: dict[str, object]) -> None:
        """Send what is to be run, and wait until it runs. Raises ``SandboxFailed``."""
        self._detached = bool(order["detached"])
        try:
            wire.send(self._channel, order)
            while b"\n" not in self._heard and self._code is None:
                self._receive()
        except OSError as error:
            raise SandboxFailed(f"the box has ended: {error.strerror or error}") from error
        line, _, self._heard = self._heard.partition(b"\n")
        if line != b"+":
            words = line.decode("utf-8", "replace").partition(" ")[2]
            raise SandboxFailed(f"cannot start a command: {words or 'the box has ended'}")
        self._started = True
        if self._heard:
            self._code = int(self._heard)

    def poll(self) -> int | None:
        """The exit code (negative for a signal), or ``None`` while it runs. Never blocks."""
        with contextlib.suppress(BlockingIOError):
            while self._code is None and self._channel.fileno() >= 0:
                self._receive(socket.MSG_DONTWAIT)
        return self._code

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait at most ``timeout`` seconds for the end; the exit code if there is one."""
        self._channel.settimeout(timeout)
        try:
            while self._code is None:
                self._receive()
        except TimeoutError:
            return None
        finally:
            self._channel.settimeout(None)
        return self._code

    def wait_fd(self) -> int:
        """A descriptor that becomes readable when the command has ended."""
        return self._channel.fileno()

    def kill(self) -> None:
        """End the command and all it started, at once; returns when none is left."""
        if self._code is None:
            with contextlib.suppress(OSError):
                self._channel.sendall(wire.KILL)
            self.wait()

    def close(self) -> None:
        """Free what it held; unless it is a service, end it first. Idempotent."""
        if self._channel.fileno() < 0:
            return
        if not self._detached:
            self.kill()
        self.poll()
        self._channel.close()
        if self.output >= 0:
            os.close(self.output)
        if self._terminal >= 0:
            _take_back(self._terminal)

    def _receive(self, flags: int = 0) -> None:
        """Take in what the leader says. A line that is a number, or its end, is the code."""
        try:
            piece = self._channel.recv(4096, flags)
        except ConnectionResetError:
            piece = b""
        self._heard += piece
        if not piece:
            self._code = _LOST
        elif self._started and self._heard.endswith(b"\n"):
            self._code = int(self._heard)


def _take_back(terminal: int) -> None:
    """Be the terminal's foreground again, which a shell makes itself."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTTOU,))
    with contextlib.suppress(OSError):
        os.tcsetpgrp(terminal, os.getpgrp())
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
