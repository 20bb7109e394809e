"""The socket that people reach us by: taken before anything else is started."""

import errno
import socket

from fairlead.errors import FairleadError

_LAST_PORT = 0xFFFF
_WAITING = 1024
"""Connections that the kernel keeps for us while we are busy or being started again."""


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``, ``[::1]:PORT`` or ``:PORT`` (every address).

    Raises ``FairleadError`` for anything else.
    """
    host, colon, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not port.isdecimal() or not port.isascii() or int(port) > _LAST_PORT:
        raise FairleadError(
            f"cannot listen at {listen!r}", hint="say HOST:PORT, such as 127.0.0.1:8600"
        )
    return host, int(port)


def bind(listen: str) -> socket.socket:
    """A listening socket. Raises ``FairleadError`` where the address is taken or not ours."""
    host, port = address(listen)
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise FairleadError(f"cannot listen at {listen}: {error.strerror}") from error
    family, *_, place = found[0]
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(place)
        taken.listen(_WAITING)
    except OSError as error:
        taken.close()
        raise FairleadError(_why(listen, error), hint=_hint(error)) from error
    taken.set_inheritable(True)
    return taken


def place_of(taken: socket.socket) -> str:
    """``HOST:PORT`` of a socket, with the port that the kernel chose for port 0."""
    host, port = taken.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why(listen: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"cannot listen at {listen}: something else on this machine does"
    return f"cannot listen at {listen}: {error.strerror}"


def _hint(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "ports below 1024 are root's; name another with --listen or FAIRLEAD_LISTEN"
    if error.errno == errno.EADDRNOTAVAIL:
        return "that is no address of this machine; 0.0.0.0 stands for all that it has"
    return "stop that, or name another address with --listen or FAIRLEAD_LISTEN"
