"""The channel of one command: the order comes in by it, how it went goes out, and its end kills."""

from __future__ import annotations

import os

from . import wire
from .command import failure
from .light import TYPE_CHECKING, Socket, signal, suppress

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    Lead = Callable[[Socket, list[int]], NoReturn]


def start_leader(link: Socket, handles: list[int], lead: Lead) -> int:
    """Fork a leader for the command whose channel is the first of ``handles``.

    Returns its process id, or 0 where there can be none, which the channel is told.
    """
    channel = Socket(fileno=handles[0])
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


def tell(channel: Socket, line: bytes) -> None:
    """Send a line; that nobody listens any more is no news to anybody."""
    with suppress(OSError):
        channel.sendall(line)


def asked(channel: Socket, *, detached: bool) -> tuple[bool, bool]:
    """What a readable channel means: whether to end the command, and whether it has closed.

    A service outlives whoever asked for it.
    """
    try:
        said = channel.recv(1)
    except ConnectionResetError:
        said = b""
    closed = not said
    return said == wire.KILL or (closed and not detached), closed
