"""The leader of one command in a bubblewrap box: a process namespace that ends with the command."""

from __future__ import annotations

import os

from . import calls, wire
from .channel import asked, tell
from .command import failure, spawn
from .light import TYPE_CHECKING, Socket, signal, socketpair, suppress
from .ready import Ready

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .command import Order

_STARTED = b"+\n"
_KILLED = b"-9\n"


class Inner:
    """What the agent knows of the box.

    ``user`` is the namespace in which commands are nobody special (``None``: the one we are in),
    ``shielded`` what of ``/proc`` is not theirs to write.
    """

    def __init__(self, user: int | None, shielded: tuple[str, ...]) -> None:
        self.user = user
        self.shielded = shielded


def stand_by(waiting: Socket, inner: Inner) -> NoReturn:
    """Get ready; then run the command whose channel and streams ``waiting`` brings.

    It is run as its channel orders, how it ended is told there, and nothing of it is left.
    """
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        first = _First(inner)
        mark, handles = wire.receive_mark(waiting)
        waiting.close()
        if mark == wire.START:
            _lead(first, Socket(fileno=handles[0]), handles[1:])
    finally:
        os._exit(0)


def _lead(first: _First, channel: Socket, handles: list[int]) -> None:
    try:
        order: Order = wire.receive(channel)
        first.start(order, handles)
        last = _follow(channel, first, detached=order["detached"])
        os.waitpid(first.process, 0)  # returns when the whole namespace is gone
        tell(channel, last or _KILLED)
    except EOFError:
        pass
    except OSError as error:
        tell(channel, failure(error))


class _First:
    """Process 1 of a new namespace, ready to become a command's parent."""

    def __init__(self, inner: Inner) -> None:
        self.process = 0
        self._trouble: OSError | None = None
        try:
            calls.unshare(calls.NEW_PIDS | calls.NEW_MOUNTS)
            self.news, write = os.pipe()
            self._orders, theirs = socketpair()
            self.process = os.fork()
        except OSError as error:
            self._trouble = error
            return
        if self.process == 0:
            os.close(self.news)
            self._orders.close()
            _be_first(theirs, inner, write)
        theirs.close()
        os.close(write)

    def start(self, order: Order, handles: Sequence[int]) -> None:
        """Have the command started; raises why there could be no namespace for it."""
        if self._trouble:
            raise self._trouble
        # One that could not get ready has gone, and has told why.
        with suppress(BrokenPipeError, ConnectionResetError), self._orders:
            wire.send_mark(self._orders, wire.START, handles)
            wire.send(self._orders, order)
        for handle in handles:
            os.close(handle)


def _follow(channel: Socket, first: _First, *, detached: bool) -> bytes:
    """Pass on that it started; returns the last line that is heard (empty: it was killed)."""
    heard = b""
    ready = Ready(first.news, channel.fileno())
    for handle in ready:
        if handle == first.news:
            piece = os.read(first.news, 4096)
            heard += piece
            if not piece:
                break
            if heard.startswith(_STARTED):
                heard = heard.removeprefix(_STARTED)
                tell(channel, _STARTED)
            continue
        end, closed = asked(channel, detached=detached)
        if end:
            os.kill(first.process, signal.SIGKILL)
        if closed:
            ready.forget(handle)
    return heard


def _be_first(orders: Socket, inner: Inner, news: int) -> NoReturn:
    """Process 1 of the command's namespace: reaps, and takes everything with it at the end."""
    try:
        calls.mount_proc()
        for path in inner.shielded:
            with suppress(FileNotFoundError):
                calls.make_read_only(path)
        if inner.user is not None:
            calls.join(inner.user, "user")
        calls.refuse_new_privileges()
        handles = wire.receive_mark(orders)[1]
        child = spawn(wire.receive(orders), handles)
        orders.close()
        for handle in handles:
            os.close(handle)
        os.write(news, _STARTED)
        os.write(news, b"%d\n" % _reap_until(child))
    except EOFError:
        pass
    except (OSError, ValueError) as error:
        os.write(news, failure(error))
    finally:
        os._exit(0)


def _reap_until(child: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)
