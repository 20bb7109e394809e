"""``/git/<project>/deploy/<environment>.git``: a remote that deploys what is pushed to it.

That has to be on a branch, or be a tag, of the project already. Nothing of the push is kept: git
puts its ref into a namespace (gitnamespaces(7)) that is this push's own and goes with it. So the
remote is always empty, and the same commit, or an older one, can be pushed again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import uuid4

from fairlead.errors import FairleadError
from fairlead.server.hosting.commands import git
from fairlead.server.hosting.hooks import Asked
from fairlead.server.hosting.push import measure
from fairlead.triggers.push import RefUpdate, read_post_receive

log = logging.getLogger(__name__)

Ask = Callable[[Sequence[RefUpdate]], Awaitable[list[str]]]
"""Has what was pushed deployed and returns what to tell of it; raises ``FairleadError``."""


class DeployPush:
    """The answers to git's hooks, as ``push.Push`` gives them."""

    def __init__(self, repository: Path, limit: int, ask: Ask) -> None:
        self.accepted = False
        self.limit = limit
        self.namespace = uuid4().hex
        self._repository, self._ask = repository, ask
        self._updates: tuple[RefUpdate, ...] = ()

    async def answer(self, asked: Asked, say: Callable[[str], None]) -> int:
        """The exit code for one call of a hook; lines for the person go to ``say``."""
        if asked.hook != "pre-receive":
            return 0
        self._updates = read_post_receive(asked.refs)
        try:
            await measure(self._repository, self.limit, asked)
            lines = await self._ask(self._updates)
        except FairleadError as error:
            lines = str(error).splitlines()
        else:
            self.accepted = True
        for line in lines:
            say(line)
        return 0 if self.accepted else 1

    def leave(self) -> None:
        """Whoever pushed is gone; what was asked for stands."""

    async def close(self) -> None:
        """The push is over: its namespace goes."""
        if self.accepted:
            await asyncio.to_thread(self._tidy)

    def _tidy(self) -> None:
        for update in self._updates:
            ref = f"refs/namespaces/{self.namespace}/{update.ref.full}"
            try:
                git("update-ref", "-d", ref, repository=self._repository)
            except FairleadError as error:
                log.warning("%s", error)
