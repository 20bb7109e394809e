"""What a script writes, line by line: cut from pieces, and queued for whoever reads slowly."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fairlead.deploy.base import Tell

if TYPE_CHECKING:
    from fairlead.deploy.session import Script

_LONGEST = 1 << 16
"""Bytes after which a line that does not end is told in pieces."""

_WAITING = 2000
"""Lines that may wait for a slow reader before the host has to wait too."""


class Lines:
    """Cuts bytes into lines and tells each as text without its end."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._open = b""

    def feed(self, data: bytes) -> None:
        """Tell the lines that are whole by now."""
        *whole, self._open = (self._open + data).split(b"\n")
        for line in whole:
            self._tell(line.decode("utf-8", "replace").removesuffix("\r"))
        if len(self._open) > _LONGEST:
            self.flush()

    def flush(self) -> None:
        """Tell what is left where the last line has no end."""
        if self._open:
            self._tell(self._open.decode("utf-8", "replace"))
            self._open = b""


class LineQueue:
    """Lines of a script between who writes and who reads them; the host waits for a slow reader."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._running: Script | None = None
        self._over: asyncio.Task[None] | None = None
        self._paused = False

    def put(self, line: str) -> None:
        """Take a line."""
        self._queue.put_nowait(line)
        if not self._paused and self._queue.qsize() > _WAITING and self._running:
            self._paused = True
            self._running.pause(paused=True)

    def of(self, running: "Script") -> None:
        """Say whose lines they are."""
        self._running = running
        self._over = asyncio.create_task(self._end(running))

    async def __aiter__(self) -> AsyncIterator[str]:
        while (line := await self._queue.get()) is not None:
            yield line
            if self._paused and self._running and self._queue.qsize() < _WAITING // 2:
                self._paused = False
                self._running.pause(paused=False)

    async def _end(self, running: "Script") -> None:
        await running.wait()
        self._queue.put_nowait(None)
