"""One box, whichever sandbox it came from: commands are started by its keeper."""

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from fairlead.errors import SandboxFailed
from fairlead.runner.sandbox.base import BoxSpec
from fairlead.runner.sandbox.cgroup import Groups
from fairlead.runner.sandbox.command import Command
from fairlead.runner.sandbox.keeper import wire
from fairlead.runner.sandbox.keeper.light import Socket, socket, socketpair
from fairlead.runner.sandbox.watch import Watch

if TYPE_CHECKING:
    import socket as sockets

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOOPBACK = "127.0.0.1"


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """What a box looks like to those in it. ``limits`` are triples for ``setrlimit``.

    ``network`` is whether the box has a network of its own.
    """

    root: str
    home: str
    tmp: str
    uid: int
    limits: list[tuple[int, int, int]]
    network: bool
    unmet: tuple[str, ...] = ()


class KeptBox:
    """What ``Box`` promises. ``link`` leads to the box's warden, ``groups`` count what is in it."""

    def __init__(self, spec: BoxSpec, inside: Inside, link: Socket, groups: Groups) -> None:
        self.root, self.home, self.tmp = inside.root, inside.home, inside.tmp
        self.uid, self.unmet = inside.uid, inside.unmet
        self.own_network = inside.network
        self._inside = inside
        self._link = link
        self._lock = threading.Lock()
        self._running: list[Command] = []
        self._closed = False
        places = (spec.workspace, spec.scratch)
        self._watch = Watch(spec.limits, groups, self._tally, places)
        self._proxy = None
        if spec.network.mode == "hosts":
            from fairlead.runner.sandbox.proxy import Proxy

            listener = self.tcp_socket()
            listener.bind((_LOOPBACK, 0))
            upstream = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
            self._proxy = Proxy(listener, spec.network.hosts, upstream)

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        cwd: str | None = None,
        interactive: bool = False,
        detached: bool = False,
    ) -> Command:
        """Start a command; see ``Box.start``. Raises ``SandboxFailed``."""
        channel, other = socketpair()
        output, *streams = (-1, 0, 1, 2) if interactive else os.pipe()
        command = Command(channel, output, terminal=0 if interactive else -1)
        try:
            with other:
                self._send(wire.START, [other.fileno(), *streams])
            command.order(
                {
                    "argv": [os.fspath(part) for part in argv],
                    "env": self._variables(env),
                    "cwd": cwd or self.root,
                    "limits": self._inside.limits,
                    "interactive": interactive,
                    "detached": detached,
                }
            )
        except BaseException:
            command.close()
            raise
        finally:
            if not interactive:
                os.close(streams[0])
        self._running.append(command)
        return command

    def tcp_socket(self) -> "sockets.socket":
        """A new TCP socket in the box's network. Raises ``SandboxFailed``."""
        from socket import socket as tcp  # seldom needed, and slow to load

        if not self._inside.network:
            return tcp()
        with self._lock:
            self._send(wire.SOCKET)
            _mark, handles = wire.receive_mark(self._link)
        if not handles:
            raise SandboxFailed("the box has ended")
        return tcp(fileno=handles[0])

    def denied(self) -> tuple[str, ...]:
        """Hosts that were asked for and are not on the list."""
        return self._proxy.denied() if self._proxy else ()

    def exceeded(self) -> str:
        """The limit that was hit, in a sentence."""
        return self._watch.exceeded()

    def close(self) -> None:
        """End all that still runs in the box, and wait until it has. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._watch.exceeded()  # the groups' counters go with them
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)
            while self._link.recv(4096):
                pass
        self._link.close()
        for command in self._running:
            command.close()
        if self._proxy:
            self._proxy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, mark: bytes, handles: Sequence[int] = ()) -> None:
        try:
            wire.send_mark(self._link, mark, handles)
        except OSError as error:
            raise SandboxFailed(f"the box has ended: {error.strerror or error}") from error

    def _tally(self) -> tuple[int, int]:
        """Tasks in the box, and bytes of memory of their own."""
        try:
            with self._lock:
                self._send(wire.COUNT)
                tasks, memory = wire.receive(self._link)
        except (SandboxFailed, OSError, EOFError):
            return 0, 0
        return tasks, memory

    def _variables(self, env: Mapping[str, str]) -> dict[str, str]:
        """All variables of a command, as bytes-safe text."""
        own = {"HOME": self.home, "TMPDIR": self.tmp, "PATH": _PATH}
        return own | dict(env) | (self._proxy.variables if self._proxy else {})
