"""What a way of deploying offers that is not ours from end to end."""

from typing import Protocol

from fairlead.deploy.telling import Teller


class Way(Protocol):
    """Carries one order out. Each part raises a ``FairleadError`` for what goes wrong.

    ``name`` stands where hosts are named. ``begun`` becomes true as soon as there is something to
    put back, ``changed`` as soon as something else than before may have been live: until then a
    failure is a refusal. ``secrets`` are masked in every line.
    """

    name: str
    begun: bool
    changed: bool
    secrets: tuple[str, ...]

    async def look(self) -> str:
        """The version that is live, as far as it can be told."""

    async def prepare(self, teller: Teller) -> None:
        """Everything that changes nothing."""

    async def switch(self, teller: Teller) -> None:
        """Make the release live."""

    async def probe(self, teller: Teller) -> None:
        """See that it is well."""

    async def back(self, teller: Teller) -> None:
        """Put back whatever was begun, also half-way; the former release is live again."""

    async def close(self) -> None:
        """Let go of everything."""
