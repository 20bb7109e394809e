"""Python 3.11 waits for each child in a thread; later ones do it by pidfd, and so do we here."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeVarTuple

Ts = TypeVarTuple("Ts")


def watch_by_descriptor() -> None:
    """Have the ends of children told to the event loop itself, where the kernel can do that."""
    if sys.version_info < (3, 12):
        policy = asyncio.get_event_loop_policy()
        if not isinstance(policy.get_child_watcher(), _Watcher):
            with suppress(OSError):
                os.close(os.pidfd_open(os.getpid()))
                policy.set_child_watcher(_Watcher())


if sys.version_info < (3, 12):

    class _Watcher(asyncio.AbstractChildWatcher):
        """For all event loops of a process; asyncio's own is for one."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def close(self) -> None:
            pass

        def attach_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
            pass

        def is_active(self) -> bool:
            return True

        def add_child_handler(
            self, pid: int, callback: Callable[[int, int, *Ts], object], *args: *Ts
        ) -> None:
            descriptor = os.pidfd_open(pid)
            loop = asyncio.get_running_loop()

            def ended() -> None:
                loop.remove_reader(descriptor)
                os.close(descriptor)
                code = 255
                with suppress(ChildProcessError):
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                callback(pid, code, *args)

            loop.add_reader(descriptor, ended)

        def remove_child_handler(self, pid: int) -> bool:
            """Nothing is kept of any ``pid`` that could be removed."""
            return pid < 0
