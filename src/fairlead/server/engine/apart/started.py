"""Starting such a process, hearing what it says, and having it stop."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from fairlead.server.engine.apart.orders import AnyOrder, AnySaid, read_answer

log = logging.getLogger(__name__)

_LONGEST = 64 << 20
"""Bytes of one answer: a manifest names every file."""


class Started:
    """A process under way; ``code`` is its exit code once ``answers`` have ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.code: int | None = None

    async def answers(self) -> AsyncIterator[AnySaid]:
        """What it says, line by line, until it ends."""
        out = self._process.stdout
        while out and (line := await out.readline()):
            try:
                yield read_answer(line)
            except msgspec.MsgspecError as error:
                log.warning("an answer is not understood: %s", error)
        self.code = await self._process.wait()

    def stop(self) -> None:
        """Ask it to end where that is safe."""
        into = self._process.stdin
        with suppress(OSError, RuntimeError):
            if into and not into.is_closing():
                into.write(b"stop\n")


async def start(order: AnyOrder) -> Started:
    """Begin to carry an order out; it goes on also when we die.

    In a session of its own: Ctrl-C is for us, and we say what is to be done.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fairlead.server.engine.apart.process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=_LONGEST,
    )
    into = process.stdin
    if into:
        into.write(msgspec.json.encode(order) + b"\n")
        with suppress(OSError):
            await into.drain()
    return Started(process)
