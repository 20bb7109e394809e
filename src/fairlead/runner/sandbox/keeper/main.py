"""The keeper's own loop: one warden for every box that Fairlead opens."""

from __future__ import annotations

import gc
import os

from . import boxed, plain, wire
from .light import TYPE_CHECKING, Socket, signal

if TYPE_CHECKING:
    from typing import NoReturn

# Ctrl-C and a closing terminal are Fairlead's to handle: it closes its sockets in its own time.
_IGNORED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGPIPE,
)


def main() -> NoReturn:
    """Serve the socket on descriptor 0 until its other end has gone."""
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # whatever Fairlead itself was given carelessly
    control = Socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.chdir("/")
    gc.freeze()  # what is here now is shared with every child, and shall stay so
    gc.disable()
    while True:
        mark, handles = wire.receive_mark(control)
        if mark != wire.OPEN:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            _keep(Socket(fileno=handles[0]))
        os.close(handles[0])


def _keep(link: Socket) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        order = wire.receive(link)
        keep = boxed.keep if order["kind"] == "bubblewrap" else plain.keep
        keep(link, order)
    finally:
        os._exit(1)
