"""What the parts of a deployment expect of a host: the one door to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import msgspec

from fairlead.model.environment import Host

Tell = Callable[[str], None]
"""Gets each line that a script writes, as it is written, without its end."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a script: its exit code and everything it wrote."""

    code: int
    out: bytes = b""
    err: bytes = b""

    @property
    def text(self) -> str:
        """Standard output as text, without the last line's end."""
        return self.out.decode("utf-8", "replace").rstrip("\n")


class Held(Protocol):
    """A script that keeps running on a host until it is closed or we die, such as a lock."""

    first: str
    """The first line it wrote."""

    more: tuple[str, ...]
    """Those behind it that were waited for."""

    @property
    def alive(self) -> bool:
        """Whether it still runs as far as we know; not once the connection is gone."""

    async def close(self) -> None:
        """End it."""


class Connection(Protocol):
    """A signed-in connection to one host.

    Scripts are POSIX shell text, given to ``sh -eu`` on standard input or as an argument, never
    with secrets in ``argv``. They run as the application's user, with ``root`` as root; where
    that is not who signed in, by ``sudo -n``.
    """

    host: Host

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
        """Run a script with ``data`` as its input, or with one byte that comes ``later``.

        Raises ``HostFailed`` where it does not succeed and ``check`` is set, ``SudoMissing``
        where it may not become whom it has to be, ``HostLost`` where the connection ended or
        the script did not in ``timeout`` seconds; it is ended on the host then too.
        """

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
        """Run a script whose input is a file of ours, and ``after`` behind it; as ``run`` else."""

    async def hold(self, script: str, *, root: bool = False, until: str = "") -> Held:
        """Start a script that stays, and wait for its first line, or for the line ``until``.

        It is killed once it is over. Raises as ``run`` does.
        """

    def lines(self, script: str, *, root: bool = False) -> AsyncIterator[str]:
        """The lines of a script as they come, until it ends or the reader stops."""

    async def close(self) -> None:
        """Sign out; whatever is held ends."""
