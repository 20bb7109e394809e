"""Connections to hosts over SSH: what they run ends when we do, however that comes about."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import NoReturn

from fairlead.deploy import shell
from fairlead.deploy.base import Done, Tell
from fairlead.deploy.lines import LineQueue
from fairlead.deploy.loading import asyncssh
from fairlead.deploy.session import Script, Write
from fairlead.deploy.signin import sign_in
from fairlead.errors import HostLost, HostRefused
from fairlead.model.environment import Host
from fairlead.settings import Settings

Feed = Callable[[], Coroutine[None, None, None]]

_PATIENCE = 15.0
"""Seconds until a script that stays has begun."""

_AT_ONCE = 9
"""Scripts at once on a connection; sshd lets ten in (MaxSessions), and one is for ending others."""

_FULL = 5.0
"""Seconds to wait for a place where sshd lets in fewer."""

_MINUTE, _DAY = 60.0, 86_400.0
_PIECE = 1 << 17
_ENDING = 4.0
"""Seconds that a script may take to end once it has to."""


async def connect(host: Host, *, user: str | None = None, settings: Settings) -> "SshConnection":
    """Sign in to a host; scripts run as ``user``, or as who signed in where it is none.

    Raises ``HostUnreachable``, ``HostKeyChanged``, ``HostRefused``, or ``HostError`` for a host
    that is not known yet, each with what to do.
    """
    connection, login = await sign_in(host, settings)
    return SshConnection(host, connection, login, user or login)


class SshConnection:
    """A signed-in connection, as ``deploy/base.py`` describes it."""

    def __init__(
        self, host: Host, connection: asyncssh.SSHClientConnection, login: str, user: str
    ) -> None:
        self.host = host
        self.login = login
        self.user = user
        self._connection = connection
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(
        self,
        script: str,
        *,
        data: bytes = b"",
        later: asyncio.Future[bytes] | None = None,
        root: bool = False,
        timeout: float = 60.0,  # noqa: ASYNC109 — the script on the host ends with it
        tell: Tell | None = None,
        check: bool = True,
    ) -> Done:
        """Run a script with ``data`` as its input, or with one byte that comes ``later``."""
        size = len(data) if later is None else 1
        running = self._script(script, root=root, size=size, timeout=timeout, tell=tell)

        async def feed() -> None:
            given = data if later is None else await asyncio.shield(later)
            await running.write(given + shell.END)

        await self._carry(running, feed, timeout)
        return running.outcome(check=check)

    async def send(
        self,
        path: Path,
        script: str,
        *,
        after: bytes = b"",
        timeout: float = 600.0,  # noqa: ASYNC109
        tell: Tell | None = None,
        check: bool = True,
    ) -> Done:
        """Run a script whose input is a file of ours, sent in pieces, and ``after`` behind it."""
        size = os.stat(path).st_size + len(after)
        running = self._script(script, root=False, size=size, timeout=timeout, tell=tell)

        async def feed() -> None:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    await running.write(piece)
            await running.write(after + shell.END)

        await self._carry(running, feed, timeout)
        return running.outcome(check=check)

    async def stream(
        self, script: str, write: Write, *, data: bytes = b"", root: bool = False
    ) -> int:
        """Run a script that may take a day; its output is passed on as it comes, none is kept.

        Returns its exit code.
        """
        running = self._script(
            script, root=root, size=len(data), timeout=_DAY, write=write, keep=False
        )

        async def feed() -> None:
            await running.write(data + shell.END)

        await self._carry(running, feed, _DAY)
        return running.outcome(check=False).code

    async def hold(self, script: str, *, root: bool = False, until: str = "") -> "SshHeld":
        """Start a script that stays, and wait for its first line, or for the line ``until``."""
        said: list[str] = []
        first = asyncio.Event()

        def tell(line: str) -> None:
            if first.is_set():
                return
            if line == until:
                first.set()
                return
            said.append(line)
            if not until:
                first.set()

        held = await self._stay(self._script(script, root=root, tell=tell, tell_errors=False))
        waiting = [asyncio.ensure_future(one) for one in (first.wait(), held.running.wait())]
        try:
            await asyncio.wait(waiting, timeout=_MINUTE, return_when=asyncio.FIRST_COMPLETED)
            if not said or not (first.is_set() or held.running.ended):
                self._silent(held.running)
            held.first, held.more = said[0], tuple(said[1:])
        except BaseException:
            await held.close()
            raise
        finally:
            for one in waiting:
                one.cancel()
        return held

    def _silent(self, running: Script) -> NoReturn:
        """Raise what it means that one which has to stay did not say what it had to."""
        if running.ended:
            running.silence()
        raise HostLost(f"{self.host}: no answer within {_MINUTE:g} s")

    async def lines(self, script: str, *, root: bool = False) -> AsyncIterator[str]:
        """The lines of a script as they come, until it ends or the reader stops."""
        queue = LineQueue()
        # Whoever reads may rest for long, and we with them: no beat is waited for.
        running = self._script(script, root=root, timeout=_DAY, tell=queue.put, keep=False)
        held = await self._stay(running)
        queue.of(running)
        try:
            async for line in queue:
                yield line
        finally:
            await held.close()
        running.outcome(check=False)

    async def close(self) -> None:
        """Sign out; whatever is held ends."""
        self._connection.close()
        try:
            async with asyncio.timeout(_ENDING):
                await self._connection.wait_closed()
        except (TimeoutError, OSError, asyncssh.Error):
            self._connection.abort()

    def _script(
        self,
        script: str,
        *,
        root: bool,
        size: int = 0,
        timeout: float | None = None,
        tell: Tell | None = None,
        write: Write | None = None,
        tell_errors: bool = True,
        keep: bool = True,
    ) -> Script:
        become = shell.becoming(self.login, "root" if root else self.user)
        return Script(
            str(self.host), script, become, size, timeout,
            tell=tell, write=write, tell_errors=tell_errors, keep=keep,
        )  # fmt: skip

    async def _carry(self, running: Script, feed: Feed, seconds: float) -> None:
        """Start a script, feed it, and wait for its end; end it where that does not come."""
        async with self._places:
            feeding: asyncio.Task[None] | None = None
            try:
                async with asyncio.timeout(seconds):
                    await self._open(running)
                    feeding = asyncio.create_task(feed())
                    await _both(feeding, running)
            except TimeoutError as error:
                await self._end(running)
                raise HostLost(
                    f"{self.host}: a script did not end within {seconds:g} s and was stopped"
                ) from error
            except BaseException:
                await self._end(running)
                raise
            finally:
                if feeding is not None:
                    feeding.cancel()

    async def _stay(self, running: Script) -> "SshHeld":
        """Start a script that stays; it takes one of the places until it is closed."""
        await self._places.acquire()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._open(running)
        except TimeoutError as error:
            self._places.release()
            raise HostLost(f"{self.host}: no answer within {_PATIENCE:g} s") from error
        except BaseException:
            self._places.release()
            await self._end(running)
            raise
        return SshHeld(self, running)

    async def _open(self, running: Script) -> None:
        try:
            await self._let_in(running)
        except asyncssh.ChannelOpenError as error:
            raise HostRefused(
                f"{self.host} lets no further script in ({error})",
                hint=f"sshd has to allow {_AT_ONCE + 1} sessions a connection (MaxSessions)",
            ) from error
        except (OSError, asyncssh.Error) as error:
            raise HostLost(f"{self.host}: the connection ended ({error})") from error
        await running.write(running.script)

    async def _let_in(self, running: Script) -> None:
        """Begin a session; sshd takes a moment to know that an earlier one is over."""
        until = time.monotonic() + _FULL
        while True:
            try:
                await self._connection.create_session(
                    lambda: running, running.command, encoding=None, request_pty=False
                )
            except asyncssh.ChannelOpenError as error:
                if self._connection.is_closed():
                    raise asyncssh.ConnectionLost(str(error)) from error
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.05)
            else:
                return

    async def _end(self, running: Script) -> None:
        """End a script on the host too, whatever it is doing; not at any price in time."""
        if running.ended or running.channel is None:
            return
        channel = running.channel
        with contextlib.suppress(TimeoutError, OSError, asyncssh.Error):
            async with asyncio.timeout(_ENDING):
                # What does not read its input hears nothing of the end of it either.
                if not channel.get_write_buffer_size():
                    channel.write_eof()
                elif running.process is not None:
                    await self._connection.run(shell.ending(running.become, running.process))
                await running.wait()
        channel.abort()


class SshHeld:
    """A script that stays on a host; it is told regularly that we are still there."""

    first: str = ""
    more: tuple[str, ...] = ()

    def __init__(self, connection: SshConnection, running: Script) -> None:
        self.running = running
        self._connection = connection
        self._beating: asyncio.Task[None] | None = asyncio.create_task(self._beat())

    @property
    def alive(self) -> bool:
        """Whether it still runs as far as we know."""
        return not self.running.ended

    async def close(self) -> None:
        """End it."""
        if self._beating is None:
            return
        self._beating.cancel()
        self._beating = None
        try:
            await self._connection._end(self.running)  # noqa: SLF001 — one class in two
        finally:
            self._connection._places.release()  # noqa: SLF001

    async def _beat(self) -> None:
        while self.alive:
            await self.running.write(shell.END)
            await asyncio.sleep(shell.BEAT)


async def _both(feeding: "asyncio.Task[None]", running: Script) -> None:
    """Wait for a script's end; what keeps it from being fed is raised."""
    over = asyncio.ensure_future(running.wait())
    try:
        await asyncio.wait((feeding, over), return_when=asyncio.FIRST_COMPLETED)
        if feeding.done():
            feeding.result()
        await over
    finally:
        over.cancel()
