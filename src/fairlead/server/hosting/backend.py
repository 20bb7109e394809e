"""One ``git http-backend`` of its own for each request, all of it streamed, without a thread."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.hosting.children import watch_by_descriptor

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_COMPLAINTS = 2000
"""Bytes of what git says to nobody that are logged, the last ones."""
_LONGEST_HEAD = 1 << 15
_PATIENCE = 2.0
"""Seconds between asking processes to end and ending them."""


class Head(msgspec.Struct, frozen=True):
    """The beginning of a CGI answer (RFC 3875, 6.3)."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Backend:
    """The process with all that it starts, as one group."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin  # noqa: S101 — asked for below
        assert process.stdout  # noqa: S101
        assert process.stderr  # noqa: S101
        self._in, self._out = process.stdin, process.stdout
        self._complaining = asyncio.create_task(_log_complaints(process.stderr))

    @classmethod
    async def start(cls, env: Mapping[str, str], *, inherited: Sequence[int] = ()) -> "Backend":
        """Start it; ``inherited`` are descriptors it keeps open."""
        watch_by_descriptor()
        try:
            process = await asyncio.create_subprocess_exec(
                "git", "http-backend",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(env), pass_fds=inherited, start_new_session=True, limit=_LONGEST_HEAD,
            )  # fmt: skip
        except OSError as error:
            raise FairleadError(f"git cannot be run: {error}", hint="install git") from error
        return cls(process)

    async def feed(self, data: bytes) -> None:
        """Give it a part of the request's body. What it does not want to read is dropped."""
        with suppress(ConnectionError):
            self._in.write(data)
            await self._in.drain()

    def end_input(self) -> None:
        """The body is complete."""
        with suppress(ConnectionError):
            self._in.close()

    async def head(self) -> Head:
        """Status and headers of the answer. Raises ``FairleadError`` where there are none."""
        try:
            text = await self._out.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise FairleadError(
                "git gave no answer", hint="git http-backend must be installed with git"
            ) from error
        return _parse_head(text)

    async def body(self) -> AsyncIterator[bytes]:
        """The rest of the answer, as it comes."""
        while data := await self._out.read(_CHUNK):
            yield data

    async def drain(self) -> None:
        """Read what is left of the answer, until the process has ended."""
        while await self._out.read(_CHUNK):
            pass
        await self._process.wait()

    async def kill(self) -> None:
        """End it with all that it started."""
        if self._process.returncode is None:
            self._signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._process.wait()
            self._signal(signal.SIGKILL)
            await self._process.wait()
        # What it left running in the background may hold its end open.
        await asyncio.wait((self._complaining,), timeout=_PATIENCE)
        self._complaining.cancel()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


async def _log_complaints(stderr: asyncio.StreamReader) -> None:
    """What goes wrong in git and is no part of its answer."""
    last = b""
    while data := await stderr.read(_CHUNK):
        last = (last + data)[-_COMPLAINTS:]
    if last:
        log.warning("git http-backend: %s", last.decode(errors="replace").strip())


def _parse_head(text: bytes) -> Head:
    status = 200
    headers: list[tuple[bytes, bytes]] = []
    for line in text.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return Head(status, headers)
