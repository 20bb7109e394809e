"""The channel of one command: the order comes in by it, how it went goes out, and its end kills."""

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

from . import wire
from .command import failure

Lead = Callable[[socket.socket, list[int]], NoReturn]


def start_leader(link: socket.socket, handles: list[int], lead: Lead) -> int:
    """Fork a leader for the command whose channel is the first of ``handles``.

    Returns its process id, or 0 where there can be none, which the channel is told.
    """
    channel = socket.socket(fileno=handles[0])
    leader = 0
    try:
        leader = os.fork()
        if leader == 0:
            link.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            lead(channel, handles[1:])
    except OSError as error:
        tell(channel, failure(error))
    finally:
        channel.close()
        for handle in handles[1:]:
            os.close(handle)
    return leader


def tell(channel: socket.socket, line: bytes) -> None:
    """Send a line; that nobody listens any more is no news to anybody."""
    with contextlib.suppress(OSError):
        channel.sendall(line)


def asked(channel: socket.socket, *, detached: bool) -> tuple[bool, bool]:
    """What a readable channel means: whether to end the command, and whether it has closed.

    A service outlives whoever asked for it.
    """
    try:
        said = channel.recv(1)
    except ConnectionResetError:
        said = b""
    closed = not said
    return said == wire.KILL or (closed and not detached), closed
