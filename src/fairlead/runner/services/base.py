"""What every kind of service is made of."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from fairlead.errors import ServiceFailed
from fairlead.model import Pairs, Service
from fairlead.runner.files import read_end
from fairlead.runner.sandbox.base import Box, Running
from fairlead.util.fs import remove_tree

LOOPBACK = "127.0.0.1"
_PATIENCE = 1.0  # seconds for something on the same machine to answer
_LAST_BYTES = 2000
_LAST_LINES = 8
_LONGEST_SOCKET_FOLDER = 80  # bytes; the whole path of a socket may have 107, see unix(7)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a service runs. ``host`` and ``inside`` are its folder as we and as the box see it."""

    service: Service
    box: Box
    host: Path
    inside: str
    cache: Path
    env: Mapping[str, str]

    @property
    def log(self) -> Path:
        """What the service writes, on the host."""
        return self.host / "log"


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A service that was started. ``ready`` tells whether it answers yet, and is asked often.

    ``began`` is in seconds of the monotonic clock, ``env`` is what steps get; ``clear`` is called
    when it has ended.
    """

    place: Place
    running: Running
    ready: Callable[[], bool]
    env: Pairs
    clear: Callable[[], None] = lambda: None
    began: float = msgspec.field(default_factory=time.monotonic)


Kind = Callable[[Place], Started]


def launch(place: Place, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Running:
    """Start a service's program; its output goes to the service's log."""
    into_log = ("/bin/sh", "-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "service")
    arguments = (*into_log, f"{place.inside}/log", *argv)
    return place.box.start(arguments, {**place.env, **(env or {})}, detached=True)


def last_output(place: Place) -> str:
    """The end of what a service wrote, for a message."""
    data = read_end(place.host.parent, f"{place.host.name}/{place.log.name}", _LAST_BYTES)
    lines = data.decode("utf-8", "replace").strip().splitlines()
    return "\n  ".join(lines[-_LAST_LINES:])


def free_port(box: Box, usual: int = 0) -> int:
    """A port nothing listens on; in a box with a network of its own the ``usual`` one."""
    for port in (usual, 0) if box.own_network else (0,):
        with box.tcp_socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise ServiceFailed("no free port on the loopback address")


def exchange(box: Box, port: int, request: bytes) -> bytes:
    """What whatever listens on ``port`` replies to ``request``; empty where nothing does."""
    with box.tcp_socket() as probe:
        probe.settimeout(_PATIENCE)
        try:
            probe.connect((LOOPBACK, port))
            probe.sendall(request)
            return probe.recv(4096)
        except OSError:
            return b""


def listens(box: Box, port: int) -> bool:
    """Whether anything takes connections on ``port``."""
    with box.tcp_socket() as probe:
        probe.settimeout(_PATIENCE)
        return probe.connect_ex((LOOPBACK, port)) == 0


class SocketFolder(msgspec.Struct, frozen=True):
    """A folder for Unix sockets, as the box sees it; whoever listens there makes it."""

    path: str
    clear: Callable[[], None] = lambda: None


def socket_folder(place: Place) -> SocketFolder:
    """A folder in the box's own temporary one, or elsewhere where that has too long a name."""
    folder = f"{place.box.tmp}/{place.service.name}"
    if len(folder.encode()) <= _LONGEST_SOCKET_FOLDER:
        return SocketFolder(folder)
    # Only where there is no isolation can this be so; /tmp is then everybody's.
    folder = f"/tmp/fairlead-{os.getpid()}-{secrets.token_hex(8)}"  # noqa: S108 — unguessable, made with 0700
    return SocketFolder(folder, lambda: remove_tree(Path(folder)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``{port}``, ``{socket}``, ``{folder}`` and ``{host}`` filled in.

    Other braces are left alone: they belong to shells and to JSON.
    """
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def asked_env(service: Service, values: Mapping[str, str]) -> Pairs:
    """The variables the pipeline file itself asks for."""
    return tuple((name, filled(text, values)) for name, text in service.env)
