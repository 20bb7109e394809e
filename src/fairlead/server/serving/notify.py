"""Tells systemd how we are (sd_notify(3)), where it asked to be told."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send a line such as ``READY=1``; nothing where nobody listens."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    # A name that begins with "@" is an abstract one, which the kernel writes with a zero.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.sendto(state.encode(), "\0" + place[1:] if place[0] == "@" else place)
