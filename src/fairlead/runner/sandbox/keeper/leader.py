"""The leader of one command in a bubblewrap box: a process namespace that ends with the command."""

import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from . import calls, wire
from .channel import asked, tell
from .command import Order, failure, spawn
from .ready import Ready

_STARTED = b"+\n"
_KILLED = b"-9\n"


class Inner(NamedTuple):
    """What the agent knows of the box.

    ``user`` is the namespace in which commands are nobody special (``None``: the one we are in),
    ``shielded`` what of ``/proc`` is not theirs to write.
    """

    user: int | None
    shielded: tuple[str, ...]


def lead(channel: socket.socket, handles: Sequence[int], inner: Inner) -> NoReturn:
    """Run the command that the channel orders, tell how it ended, and leave nothing of it."""
    try:
        order: Order = wire.receive(channel)
        calls.unshare(calls.NEW_PIDS | calls.NEW_MOUNTS)
        news, write = os.pipe()
        first = os.fork()
        if first == 0:
            channel.close()
            os.close(news)
            _be_first(order, handles, inner, write)
        for handle in (write, *handles):
            os.close(handle)
        last = _follow(channel, news, first, detached=order["detached"])
        os.waitpid(first, 0)  # returns when the whole namespace is gone
        tell(channel, last or _KILLED)
    except EOFError:
        pass
    except OSError as error:
        tell(channel, failure(error))
    finally:
        os._exit(0)


def _follow(channel: socket.socket, news: int, first: int, *, detached: bool) -> bytes:
    """Pass on that it started; returns the last line that is heard (empty: it was killed)."""
    heard = b""
    ready = Ready(news, channel.fileno())
    for handle in ready:
        if handle == news:
            piece = os.read(news, 4096)
            heard += piece
            if not piece:
                break
            if heard.startswith(_STARTED):
                heard = heard.removeprefix(_STARTED)
                tell(channel, _STARTED)
            continue
        end, closed = asked(channel, detached=detached)
        if end:
            os.kill(first, signal.SIGKILL)
        if closed:
            ready.forget(handle)
    return heard


def _be_first(order: Order, handles: Sequence[int], inner: Inner, news: int) -> NoReturn:
    """Process 1 of the command's namespace: reaps, and takes everything with it at the end."""
    try:
        calls.mount_proc()
        for path in inner.shielded:
            with contextlib.suppress(FileNotFoundError):
                calls.make_read_only(path)
        if inner.user is not None:
            calls.join(inner.user, "user")
        calls.refuse_new_privileges()
        child = spawn(order, handles)
        for handle in handles:
            os.close(handle)
        os.write(news, _STARTED)
        os.write(news, b"%d\n" % _reap_until(child))
    except (OSError, ValueError) as error:
        os.write(news, failure(error))
    finally:
        os._exit(0)


def _reap_until(child: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)
