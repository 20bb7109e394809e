"""Several scripts on a host as one: a single round trip, and each is heard of when it is over."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from fairlead.deploy.base import Done, Tell
from fairlead.deploy.sites import Site
from fairlead.errors import HostFailed, HostLost
from fairlead.model.plan import Value


class Part(Value, frozen=True, kw_only=True):
    """One script of several. ``size`` is its input's in bytes, ``timeout`` in seconds.

    ``title`` is told before it begins, and with ``aloud`` its lines as they come. One ``aside``
    goes on beside those behind it, up to the one that ``joins`` it before it begins.
    """

    script: str
    size: int = 0
    timeout: float = 120.0
    title: str = ""
    aloud: bool = False
    aside: bool = False
    joins: bool = False


class Parts:
    """Parts that are carried out in turn, until one fails."""

    def __init__(self, site: Site, parts: tuple[Part, ...], mark: str) -> None:
        self._site = site
        self._parts = parts
        self._mark = mark
        self._over = tuple(asyncio.Event() for _ in parts)
        self._heard = [0] * len(parts)
        self._tell: Tell | None = None
        self._running: asyncio.Task[Done] | None = None
        self._done: Done | None = None

    async def over(self, part: Part, tell: Tell) -> None:
        """Wait until a part is over; raises ``HostFailed`` with what it said last, ``HostLost``.

        ``tell`` gets its lines where it is ``aloud``, and else the last of them where it failed.
        """
        number = self._number(part)
        self._tell = tell if part.aloud else None
        over = asyncio.ensure_future(self._over[number].wait())
        try:
            waiting = (over, self._task)
            await asyncio.wait(waiting, timeout=part.timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._over[number].is_set():
            return
        if not self._task.done():
            self._site.lost = True
            raise HostLost(
                f"{self._site.name}: a script did not end within {part.timeout:g} s and was stopped"
            )
        done = await self.end()
        failed = msgspec.structs.replace(done, err=self._written(done.err)[-1].encode())
        self._site.checked(failed, None if part.aloud else tell)
        raise HostFailed(f"{self._site.name}: a script ended in the middle")

    async def end(self) -> Done:
        """Wait until all of it is over, however that is; raises ``HostLost``."""
        try:
            self._done = await self._task
        except HostLost:
            self._site.lost = True
            raise
        return self._done

    def printed(self, part: Part | None) -> str:
        """What a part wrote to its standard output, once all of it is over; empty for none."""
        if part is None or self._done is None:
            return ""
        written, number = self._written(self._done.out), self._number(part)
        return written[number].strip("\n") if number < len(written) else ""

    def begin(self, file: Path | None, data: bytes) -> None:
        """Have them begin; their input is the file, and then the data."""
        connection, script = self._site.connection, _in_turn(self._parts, self._mark)
        timeout = sum(part.timeout for part in self._parts)
        if file is None:
            run = connection.run(script, data=data, timeout=timeout, tell=self._hear, check=False)
        else:
            run = connection.send(
                file, script, after=data, timeout=timeout, tell=self._hear, check=False
            )
        self._running = asyncio.ensure_future(run)

    async def leave(self) -> None:
        """End what still runs."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def _task(self) -> "asyncio.Task[Done]":
        if self._running is None:
            raise RuntimeError("nothing was begun")
        return self._running

    def _number(self, part: Part) -> int:
        return next(number for number, one in enumerate(self._parts) if one is part)

    def _hear(self, line: str) -> None:
        """Take a line of either stream: a part is over once both have said so."""
        said, mark, number = line.rpartition(self._mark)
        if not mark:
            said = line
        if self._tell and (said or not mark):
            self._tell(said)
        if mark:
            self._heard[int(number)] += 1
            if self._heard[int(number)] == 2:  # noqa: PLR2004 — streams
                self._over[int(number)].set()

    def _written(self, stream: bytes) -> list[str]:
        """What each part wrote to a stream, as far as they came."""
        first, *others = stream.decode("utf-8", "replace").split(self._mark)
        return [first, *(other.partition("\n")[2] for other in others)]


_ALL_OF_IT = """{{
set +e
(
set -e
{script}
)
code=$?
cat >/dev/null
exit $code
}}"""
"""What a part does not read of its input is not the next one's."""


@asynccontextmanager
async def carried_out(
    site: Site, parts: tuple[Part, ...], *, file: Path | None = None, data: bytes = b""
) -> AsyncIterator[Parts]:
    """Carry out parts on a host; what still runs when this is left is ended there."""
    made = Parts(site, parts, f":{secrets.token_hex(8)}:")
    made.begin(file, data)
    try:
        yield made
    finally:
        await made.leave()


def _in_turn(parts: tuple[Part, ...], mark: str) -> str:
    """One script of several, each in a shell of its own; it ends with the first that fails."""
    return "trap wait EXIT\n" + "".join(_text(part, f"{mark}{n}") for n, part in enumerate(parts))


def _text(part: Part, mark: str) -> str:
    script = f"(\n{part.script}\n)"
    if part.aside:
        script = f"{script} </dev/null &\naside=$!"
    elif part.size:
        script = f"head -c {part.size} | {_ALL_OF_IT.format(script=part.script)}"
    else:
        script = f"{script} </dev/null"
    joining = 'wait "$aside"\n' if part.joins else ""
    return f"{joining}{script}\necho {mark}; echo {mark} >&2\n"
