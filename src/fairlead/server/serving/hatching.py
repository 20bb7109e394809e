"""Parts forked from a process that loads for them what they share, and then leaves.

A parent that had loaded it as well would be left with the old copy of each page they write to.
"""

import os
from collections.abc import Callable, Sequence

import msgspec

from fairlead.server.serving.forking import adopt, ask, fork
from fairlead.server.serving.loading import keep_loaded, load_everything
from fairlead.util.decoding import from_json


class Part(msgspec.Struct, frozen=True):
    """A process: what it does, and for how many seconds it may go on when told to end.

    ``patience`` ``None`` is for as long as it takes.
    """

    name: str
    run: Callable[[], object]
    patience: float | None


class Brood(msgspec.Struct, frozen=True):
    """What was said before the parts began, and their numbers."""

    said: str
    pids: tuple[int, ...]


def hatch(
    parts: Sequence[Part], prepare: Callable[[], str] | None, stop: Callable[[], object]
) -> Brood:
    """Start ``parts`` as children of ours, once ``prepare`` has returned what is to be said.

    Raises ``FairleadError`` as loading and ``prepare`` do, and ``Stopped`` once ``stop()`` is
    true; then none of them runs.
    """
    ours = os.getpid()

    def load() -> str:
        load_everything()
        said = ask(prepare, "prepare") if prepare else ""
        keep_loaded()
        pids = tuple(fork(part.run, part.name, adopter=ours) for part in parts)
        return msgspec.json.encode(Brood(said, pids)).decode()

    return from_json(adopt(load, "loader", stop=stop), Brood)
