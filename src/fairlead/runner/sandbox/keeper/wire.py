"""How Fairlead and its keeper talk: values with a length in front, single bytes with handles.

Both ends run the same interpreter and trust each other, so values travel as ``marshal``.
"""

from __future__ import annotations

import marshal
import os
import sys

from .light import TYPE_CHECKING, Socket, socket

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

OPEN = b"o"  # with one handle: the socket of a new box
START = b"s"  # with a channel and what becomes 0, 1 and 2 (one handle: output of both)
SOCKET = b"n"  # answered by a byte with a new TCP socket in the box's network
COUNT = b"c"  # answered by a pair: tasks in the box, bytes of memory they have to themselves
KILL = b"k"  # on a command's channel: end it now

_HANDLE = 4  # bytes of a descriptor: a C int on every system with Unix sockets
_ROOM = socket.CMSG_SPACE(4 * _HANDLE)
_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def send(link: Socket, value: Any) -> None:
    """Send one value made of plain types. Raises ``OSError`` when nobody is there."""
    data = marshal.dumps(value)
    link.sendall(len(data).to_bytes(4, "big") + data)


def receive(link: Socket) -> Any:
    """The next value. Raises ``EOFError`` when the other end has gone."""
    size = int.from_bytes(_exactly(link, 4), "big")
    return marshal.loads(_exactly(link, size))  # noqa: S302 — from our own other half


def _exactly(link: Socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = link.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def send_mark(link: Socket, mark: bytes, handles: Sequence[int] = ()) -> None:
    """Send one byte, and copies of file descriptors with it."""
    packed = b"".join(handle.to_bytes(_HANDLE, sys.byteorder) for handle in handles)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)] if handles else []
    link.sendmsg([mark], rights)


def receive_mark(link: Socket) -> tuple[bytes, list[int]]:
    """The next byte and the descriptors that came with it; the byte is empty at the end."""
    try:
        mark, rights, _flags, _address = link.recvmsg(1, _ROOM, _CLOEXEC)
    except ConnectionResetError:
        return b"", []
    handles = []
    for level, kind, data in rights:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(data) - len(data) % _HANDLE
            pieces = (data[place : place + _HANDLE] for place in range(0, whole, _HANDLE))
            handles += [int.from_bytes(piece, sys.byteorder) for piece in pieces]
    for handle in handles:
        os.set_inheritable(handle, False)
    return mark, handles
