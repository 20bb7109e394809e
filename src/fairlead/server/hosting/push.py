"""One push, from what git's hooks ask to what the person who pushes is shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from uuid import uuid4
from weakref import WeakSet

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.hosting import hidden, receipts, repositories
from fairlead.server.hosting.commands import git
from fairlead.server.hosting.hooks import Asked
from fairlead.server.hosting.live import Seen, Telling
from fairlead.triggers.push import RefUpdate, read_post_receive
from fairlead.util.globs import selects

log = logging.getLogger(__name__)

_OFTEN = 0.1
"""Least seconds between two looks at a build that somebody waits for."""

_SELDOM = 2.0
_SHOWN_REASONS = 10
_MANY = 100
"""Refs of one push from which on they are gathered in one file at once."""

_TRIES = 20
_PAUSE = 1.0

GIVEN_UP = "whoever pushed it did not wait for the verdict"

Say = Callable[[str], None]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one ref: a build with its page, or the reason why there is none.

    ``also`` are lines about what follows its verdict.
    """

    ref: str
    build_id: int = 0
    number: int = 0
    url: str = ""
    reason: str = ""
    also: tuple[str, ...] = ()


class Desk(Protocol):
    """What a push needs of the store."""

    async def admit(self, options: Sequence[str]) -> None:
        """Raise ``FairleadError`` for wishes that cannot be granted, before git moves anything."""
        ...

    async def take(
        self, updates: Sequence[RefUpdate], key: str, options: Sequence[str]
    ) -> list[Taken]:
        """Turn refs into builds; the same ``key`` twice makes none twice."""
        ...

    async def look(self, build_id: int) -> Seen:
        """A build as it is now."""
        ...

    async def cancel(self, build_id: int, reason: str) -> None:
        """End a build."""
        ...

    def changes(self, build_id: int) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when the build changed."""
        ...


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The repository that is pushed to; ``protected`` are globs, ``limit`` is in bytes."""

    repository: Path
    protected: tuple[str, ...] = ()
    limit: int


class _Stopped(FairleadError):
    """The web node ends while a push waits."""


_under_way: "WeakSet[Push]" = WeakSet()


def stop_waiting() -> None:
    """Have all pushes of this process end now: refused where they wait for a verdict."""
    for push in list(_under_way):
        push.stop()


class Push:
    """The answers to git's hooks. ``accepted`` says that git may move the refs from now on."""

    def __init__(self, target: Target, desk: Desk) -> None:
        self.key = uuid4().hex
        self.accepted = False
        self._target = target
        self._desk = desk
        self._gated: dict[str, Taken] = {}
        self._pending: tuple[str, ...] = ()
        self._receipt: receipts.Held | None = None
        self._moved: tuple[RefUpdate, ...] = ()
        self._left = False
        self._stopped = False
        self._changed = asyncio.Event()
        _under_way.add(self)

    @property
    def limit(self) -> int:
        """Bytes the repository may take."""
        return self._target.limit

    def leave(self) -> None:
        """Whoever pushed is gone: nobody waits for a verdict, but for what git is about to do."""
        self._left = True
        self._changed.set()

    def stop(self) -> None:
        """The process ends: refuse what is undecided, and let go of who only watches."""
        self._stopped = True
        self.leave()

    async def answer(self, asked: Asked, say: Say) -> int:
        """The exit code for one call of a hook; lines for the person go to ``say``."""
        try:
            if asked.hook == "pre-receive":
                self.accepted = await self._before(asked, say)
                return 0 if self.accepted else 1
            await self._after(asked, say)
        except FairleadError as error:
            for text in str(error).splitlines():
                say(text)
            return 1
        return 0

    async def close(self) -> None:
        """The push is over, however it ended; what git no longer needs is removed."""
        if self._receipt:
            self._receipt.leave()
        await asyncio.to_thread(self._tidy)

    async def _before(self, asked: Asked, say: Say) -> bool:
        updates = read_post_receive(asked.refs)
        if asked.options:
            await self._desk.admit(asked.options)
        await measure(self._target.repository, self._target.limit, asked)
        gated = [one for one in updates if self._is_protected(one)]
        for update in gated:
            if update.after is None:
                raise FairleadError(f"{update.ref.name} is protected: it cannot be deleted")
        if gated and not await self._try_out(gated, asked, say):
            return False
        receipt = receipts.Receipt(
            key=self.key, refs=asked.refs, options=asked.options, gated=tuple(self._gated)
        )
        self._receipt = await asyncio.to_thread(receipts.write, self._target.repository, receipt)
        return True

    def _is_protected(self, update: RefUpdate) -> bool:
        globs = self._target.protected
        return bool(globs) and update.ref.kind == "branch" and selects(globs, update.ref.name)

    async def _try_out(self, gated: Sequence[RefUpdate], asked: Asked, say: Say) -> bool:
        """Build what protected branches are to be; whether all of it passed."""
        commits = [update.after for update in gated if update.after]
        repository = self._target.repository
        quarantine = Path(asked.quarantine) if asked.quarantine else None
        self._pending = await asyncio.to_thread(
            hidden.hold_pending, repository, quarantine, commits
        )
        taken = await self._take_gated(gated, asked.options)
        for update, one in zip(gated, taken, strict=True):
            if not one.build_id:
                raise FairleadError(
                    f"{update.ref.name} is protected and takes what passes,"
                    f" but nothing is built: {one.reason}"
                )
        try:
            ends = [await self._follow(one, say) for one in taken]
        except (asyncio.CancelledError, _Stopped):
            await asyncio.shield(self._give_up(taken))
            raise
        self._gated = {one.ref: one for one in taken}
        for update, seen in zip(gated, ends, strict=True):
            if not seen.passed:
                say(f"rejected: {update.ref.name} is protected and takes what passes")
        return all(seen.passed for seen in ends)

    async def _take_gated(self, gated: Sequence[RefUpdate], options: Sequence[str]) -> list[Taken]:
        task = asyncio.ensure_future(self._take(gated, f"{self.key}-gate", options))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # They may be stored already.
            await asyncio.shield(self._give_up(await task))
            raise

    async def _give_up(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            if one.build_id:
                await self._desk.cancel(one.build_id, GIVEN_UP)

    async def _after(self, asked: Asked, say: Say) -> None:
        self._moved = read_post_receive(asked.refs)
        rest = [update for update in self._moved if update.ref.full not in self._gated]
        taken = await self._take(rest, self.key, asked.options) if rest else []
        if self._receipt:
            self._receipt.done()
        for one in self._gated.values():
            say(f"accepted with build {one.number}: {one.url}")
            for text in one.also:
                say(text)
        for text in told(taken):
            say(text)
        if "wait" in asked.options:
            for one in taken:
                if one.build_id:
                    await self._follow(one, say, headed=True)

    async def _take(
        self, updates: Sequence[RefUpdate], key: str, options: Sequence[str]
    ) -> list[Taken]:
        """As the desk does it, tried for a while where the database is away."""
        for tries in range(_TRIES):
            try:
                return await self._desk.take(updates, key, options)
            except FairleadError:
                raise
            except Exception:
                log.warning("a push waits for the database", exc_info=not tries)
            await asyncio.sleep(_PAUSE)
        raise FairleadError(
            "the database cannot be reached",
            hint="what was accepted is built as soon as it can be",
        )

    async def _follow(self, one: Taken, say: Say, *, headed: bool = False) -> Seen:
        """Say what happens to a build until it has its verdict."""
        if not headed:
            say(f"build {one.number}: {one.url}")
        telling = Telling()
        with self._desk.changes(one.build_id) as changed:
            self._changed = changed
            while True:
                changed.clear()
                seen = await _patiently(lambda: self._desk.look(one.build_id))
                for text in telling.lines(seen):
                    say(text)
                if seen.ended or (headed and self._left):
                    return seen
                if self._stopped:
                    raise _Stopped("the server is being stopped", hint="push again in a moment")
                await _until(changed)
                if not self._left:
                    await asyncio.sleep(_OFTEN)

    def _tidy(self) -> None:
        repository = self._target.repository
        try:
            hidden.release(repository, self._pending)
            gone = [update.before for update in self._moved if update.before]
            hidden.keep_lost(repository, gone)
            if len(self._moved) > _MANY:
                # Each one is a file, and every build copies all refs.
                git("pack-refs", "--all", repository=repository)
        except FairleadError as error:
            log.warning("%s", error)


async def measure(repository: Path, limit: int, asked: Asked) -> None:
    """Raise ``FairleadError`` where a push would take more bytes than a repository may."""
    if not asked.quarantine:
        return
    size = await asyncio.to_thread(repositories.size, repository)
    if size > limit:
        raise FairleadError(
            f"with this push the repository would take {_mib(size)}, and it may take {_mib(limit)}",
            hint="push less, or have FAIRLEAD_REPOSITORY_LIMIT raised",
        )


def told(taken: Sequence[Taken]) -> list[str]:
    """Lines about what became of a push's refs: builds first, then reasons, each once."""
    lines = []
    for one in taken:
        if one.build_id:
            lines += [f"build {one.number}: {one.url}", *one.also]
    reasons: dict[str, list[str]] = {}
    for one in taken:
        if not one.build_id:
            reasons.setdefault(one.reason, []).append(one.ref)
    for reason, refs in list(reasons.items())[:_SHOWN_REASONS]:
        which = refs[0] if len(refs) == 1 else f"{len(refs):,} refs"
        lines.append(f"{which}: nothing is built: {reason}")
    if len(reasons) > _SHOWN_REASONS:
        left = sum(len(refs) for refs in list(reasons.values())[_SHOWN_REASONS:])
        lines.append(f"{left:,} more refs: nothing is built")
    return lines


async def _until(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_SELDOM):
            await changed.wait()
    except TimeoutError:
        return


async def _patiently(look: Callable[[], Awaitable[Seen]]) -> Seen:
    """What ``look`` returns, as soon as the database can be asked."""
    while True:
        try:
            return await look()
        except FairleadError:
            raise
        except Exception as error:  # noqa: BLE001 — the build goes on without us
            log.warning("a push waits for its build's state: %s", error)
            await asyncio.sleep(_PAUSE)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
