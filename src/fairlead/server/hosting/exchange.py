"""One request of a git client and its answer, both streamed, with a push's hooks beside them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.hosting import hooks
from fairlead.server.hosting.backend import Backend
from fairlead.server.hosting.deploying import DeployPush
from fairlead.server.hosting.push import Push
from fairlead.server.streams.sse import Receive, Send

log = logging.getLogger(__name__)

SILENCE = 60.0
"""Seconds without a byte of a request after which it is given up."""

_TO_THE_END = 20.0
"""Seconds git has for moving refs after its client has gone, or the server is to stop."""

_SLOWEST = 300.0
"""Seconds a client may take to read one piece of an answer."""

_ROOM = 1 << 20
"""Bytes of a push beside its objects."""

_ENOUGH = 16 << 20
"""Bytes of a request that is not a push: what a client has and wants."""


class Refused(FairleadError):
    """A request that is not answered by git; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sent before its body. ``service`` is git-upload-pack or git-receive-pack.

    ``environment`` is that of a deploy remote, empty for the repository itself.
    """

    asked: str
    service: str
    method: str
    query: str
    headers: Mapping[str, str]
    client: str
    environment: str = ""

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the client says so."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdecimal() else None

    def variables(self, repository: Path) -> dict[str, str]:
        """What CGI and git-http-backend(1) want to be told."""
        found = {
            "GIT_PROJECT_ROOT": str(repository.parent),
            "PATH_INFO": f"/{repository.name}/{self.asked}",
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.method,
            "QUERY_STRING": self.query,
            "REMOTE_USER": "fairlead",  # without one nothing is received; who it is was checked
            "REMOTE_ADDR": self.client,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
        }
        # No CONTENT_LENGTH: told of one, http-backend waits for ever where a body ends before it.
        if encoding := self.headers.get("content-encoding"):
            found["HTTP_CONTENT_ENCODING"] = encoding
        if protocol := self.headers.get("git-protocol"):
            found["GIT_PROTOCOL"] = protocol
        return found


class Exchange:
    """Runs git for one request."""

    def __init__(self, request: Request, receive: Receive, send: Send) -> None:
        self.request = request
        self._receive = receive
        self._send = send
        self._push: Push | DeployPush | None = None
        self._most = _ENOUGH
        self._gone = False
        self._answered = False
        self._fed = asyncio.Event()

    async def run(
        self,
        repository: Path,
        env: Mapping[str, str],
        push: Push | DeployPush | None = None,
    ) -> None:
        """Answer from a repository; ``push`` answers the hooks.

        Raises ``FairleadError`` where nothing was answered yet.
        """
        if push:
            self._push = push
            self._most = push.limit + _ROOM
        if (self.request.length or 0) > self._most:
            raise Refused(413, f"a request of more than {self._most:,} bytes is not taken")
        env = {**env, **self.request.variables(repository)}
        async with self._started(env) as backend:
            feeding = asyncio.create_task(self._feed(backend))
            answering = asyncio.create_task(self._answer(backend))
            try:
                await asyncio.wait((feeding, answering), return_when=asyncio.FIRST_COMPLETED)
                if answering.done() or self._seen_through:
                    await answering
            finally:
                for task in (feeding, answering):
                    task.cancel()
                await asyncio.gather(feeding, answering, return_exceptions=True)

    @property
    def _seen_through(self) -> bool:
        """Whether git goes on without its client: it is about to move refs, or has."""
        return bool(self._push and self._push.accepted)

    @asynccontextmanager
    async def _started(self, env: Mapping[str, str]) -> AsyncIterator[Backend]:
        """Git under way, with somebody who answers its hooks; ended whatever happens."""
        if self._push is None:
            backend = await Backend.start(env)
            try:
                yield backend
            finally:
                await asyncio.shield(backend.kill())
            return
        async with hooks.opened() as (line, ends):
            backend = await Backend.start({**env, **ends.variables}, inherited=ends.descriptors)
            ends.close()
            answering = asyncio.create_task(self._answer_hooks(line, self._push))
            try:
                yield backend
            finally:
                await asyncio.shield(self._end(backend, self._push, answering, line))

    async def _end(
        self,
        backend: Backend,
        push: Push | DeployPush,
        answering: "asyncio.Task[None]",
        line: hooks.Line,
    ) -> None:
        """End git, but not between moving refs and telling us which."""
        push.leave()
        backend.end_input()
        if not push.accepted:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            # By itself git takes back what it has of a push; killed it leaves that lying about.
            line.end(1)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TO_THE_END):
                await backend.drain()
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await backend.kill()

    async def _answer_hooks(self, line: hooks.Line, push: Push | DeployPush) -> None:
        while asked := await line.read():
            line.end(await push.answer(asked, line.say))

    async def _feed(self, backend: Backend) -> None:
        """Pass the body on; ends when the client has gone away, says nothing, or says too much."""
        left = self._most
        more = True
        while more:
            try:
                async with asyncio.timeout(SILENCE):
                    message = await self._receive()
            except TimeoutError:
                return self._leave("said nothing")
            if message["type"] == "http.disconnect":
                return self._leave("went away")
            data = message.get("body", b"")
            left -= len(data)
            if left < 0:
                return self._leave("said too much")
            await backend.feed(data)
            more = message.get("more_body", False)
        backend.end_input()
        self._fed.set()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        return self._leave("went away")

    def _leave(self, why: str) -> None:
        if self._answered:
            return
        log.info("a client of git %s: %s", why, self.request.client)
        self._gone = True
        self._fed.set()
        if self._push:
            self._push.leave()

    async def _answer(self, backend: Backend) -> None:
        head = await backend.head()
        await self._pass(
            {"type": "http.response.start", "status": head.status, "headers": head.headers}
        )
        async for data in backend.body():
            await self._pass({"type": "http.response.body", "body": data, "more_body": True})
        # Git answers before the end of what it refuses; a client that still sends hears nothing.
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                await self._fed.wait()
        self._answered = True
        await self._pass({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pass(self, message: dict[str, object]) -> None:
        """Send to the client, as long as there is one."""
        if self._gone:
            return
        try:
            async with asyncio.timeout(_SLOWEST):
                await self._send(message)
        except (TimeoutError, OSError):
            self._leave("does not read")
