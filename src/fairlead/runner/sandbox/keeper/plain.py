"""A box without walls: what keeps a job's processes together where nothing isolates them.

On Linux the warden of the box and the leader of each command adopt orphans, so whatever a command
starts stays below them, however it detaches, and is found and ended. Elsewhere a process that
detaches twice can get away.
"""

from __future__ import annotations

import os
import time

from . import calls, wire
from .channel import asked, start_leader, tell
from .command import be_expendable, failure, spawn
from .groups import enter_groups, leave_groups
from .light import TYPE_CHECKING, Socket, signal, suppress
from .ready import Ready
from .tally import descendants, tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from .command import Order

_PAUSE = 0.001  # seconds between killing and looking again


def keep(link: Socket, order: dict[str, Any]) -> NoReturn:
    """Be a box's warden until Fairlead closes the box; then end all that is in it."""
    del order  # there is nothing to set up
    groups = wire.receive(link)
    enter_groups(groups)
    calls.adopt_orphans()
    wakes = _wake_on_children()
    wire.send(link, {"error": ""})
    leaders: set[int] = set()
    for handle in Ready(link.fileno(), wakes):
        if handle == wakes:
            _drain(wakes)
            _reap(leaders)
        elif not _serve(link, leaders):
            break
    end_all()
    leave_groups(groups)
    os._exit(0)


def end_all() -> None:
    """Kill every descendant, as often as it takes for none to be left that we may kill."""
    while _have_children():
        if not sum(_kill(process) for process in descendants(os.getpid())):
            break
        time.sleep(_PAUSE)


def _have_children() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _kill(process: int) -> bool:
    """Whether it was there and ours to kill."""
    try:
        os.kill(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _wake_on_children() -> int:
    """A descriptor that becomes readable when a child has ended."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def _drain(wakes: int) -> None:
    with suppress(BlockingIOError):
        while os.read(wakes, 4096):
            pass


def _reap(leaders: set[int]) -> None:
    """Reap leaders; when one was killed, end what it leaves to us."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            leaders.discard(ended[0])
            if ended[1]:
                _end_strays(leaders)


def _end_strays(leaders: set[int]) -> None:
    ours = set(leaders)
    for leader in leaders:
        ours.update(descendants(leader))
    for process in set(descendants(os.getpid())) - ours:
        _kill(process)


def _serve(link: Socket, leaders: set[int]) -> bool:
    """Answer one request; false when there will be no more."""
    mark, handles = wire.receive_mark(link)
    if mark == wire.START:
        leaders.add(start_leader(link, handles, _lead))
    elif mark == wire.COUNT:
        wire.send(link, tally(descendants(os.getpid())))
    else:
        return False
    return True


def _lead(channel: Socket, handles: Sequence[int]) -> NoReturn:
    try:
        order: Order = wire.receive(channel)
        calls.adopt_orphans()
        wakes = _wake_on_children()
        be_expendable()
        child = spawn(order, handles)
        for handle in handles:
            os.close(handle)
        code = _until_ended(channel, wakes, child, order)
        end_all()
        tell(channel, b"%d\n" % code)
    except EOFError:
        pass
    except (OSError, ValueError) as error:
        tell(channel, failure(error))
    finally:
        end_all()
        os._exit(0)


def _until_ended(channel: Socket, wakes: int, child: int, order: Order) -> int:
    """Wait for the child's end, or until told to end it; its exit code."""
    tell(channel, b"+\n")
    ready = Ready(channel.fileno(), wakes)
    for handle in ready:
        if handle == wakes:
            _drain(wakes)
            if (code := _code_of(child)) is not None:
                return code
            continue
        end, closed = asked(channel, detached=order["detached"])
        if closed:
            ready.forget(handle)
        if end:
            if not order["interactive"]:  # then most of them are one group: end it at one blow
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child, signal.SIGKILL)
            break
    return -signal.SIGKILL


def _code_of(child: int) -> int | None:
    """Reap what has ended; the child's exit code when it is among it."""
    code = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                code = os.waitstatus_to_exitcode(ended[1])
    return code
