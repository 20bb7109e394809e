"""The web node: uvicorn in one process, on a socket that is bound already."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from fairlead.server.configuration import Configuration
from fairlead.server.stream import end_streams

log = logging.getLogger(__name__)

_GRACE = 3  # seconds that answers under way have to be finished when we stop


def serve_web(told: Configuration, taken: socket.socket, ready: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or SIGINT. Django must be set up.

    ``ready`` is called when the first request would be answered.
    """
    from fairlead.server.asgi import application

    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(told.proxies),
        forwarded_allow_ips=list(told.proxies),
        timeout_graceful_shutdown=_GRACE,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _nothing)  # uvicorn raises the signal anew when it has finished
    _Server(config, ready).run([taken])


class _State(ServerState):
    """As shipped, but the header "date" is made when it is needed, not once a second."""

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"date", _date(int(time.time())))]

    @default_headers.setter
    def default_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """What upstream writes now and then."""


class _Server(uvicorn.Server):
    """As shipped, but it sleeps until there is something to do instead of ten times a second."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.server_state = _State()
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    async def main_loop(self) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        # The kernel may give a signal to any thread; what it writes wakes ours, which obeys it.
        reader, writer = socket.socketpair()
        with reader, writer:
            for end in (reader, writer):
                end.setblocking(False)
            loop.add_reader(reader, woken.set)
            before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
            while not self.should_exit:
                await woken.wait()
                woken.clear()
                with suppress(BlockingIOError):
                    reader.recv(64)
            signal.set_wakeup_fd(before)
            loop.remove_reader(reader)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        end_streams()  # nobody else would, and they are never finished
        await super().shutdown(sockets)


@lru_cache(1)
def _date(now: int) -> bytes:
    return formatdate(now, usegmt=True).encode()


def _nothing(_number: int, _frame: Any) -> None:
    """What is left of a signal that has been obeyed."""
