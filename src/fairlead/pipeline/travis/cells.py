"""One job of the matrix, and entries of ``exclude`` and ``allow_failures`` that select jobs."""

from collections.abc import Callable, Sequence

import msgspec

from fairlead.model import Location
from fairlead.pipeline.document import Mapping, Node
from fairlead.pipeline.travis.env import Entry, read_job_env
from fairlead.pipeline.travis.file import File
from fairlead.pipeline.travis.nodes import Keys, Plain, Problems, keys, listed, plain, text

MOST_SELECTIONS = 500


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One job before it is planned. ``env`` leaves the global variables out."""

    config: Keys
    env: Entry
    all_env: Entry
    location: Location
    axes: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two jobs equal."""
        variables = tuple(var.key for var in self.all_env)
        return (variables, *sorted((key, plain(node)) for key, node in self.config.items()))


Accept = Callable[[Node | None, Cell], bool]
"""Whether a condition holds for a job; no condition holds always."""

_Names = tuple[tuple[str, str, str], ...]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """An entry: a job is meant where every key it lists is equal in the job.

    Variables must be equal in name, value and order, the global ones (``shared``) left aside.
    """

    condition: Node | None
    others: tuple[tuple[str, Plain], ...]
    env: _Names | None = None
    stage: str | None = None
    shared: frozenset[tuple[str, str, str]] = frozenset()

    def takes(self, cell: Cell, accept: Accept) -> bool:
        """Whether the entry means this job, and its own condition holds for it."""
        return self._matches(cell) and accept(self.condition, cell)

    def _matches(self, cell: Cell) -> bool:
        if any(listed(cell.config.get(key)) != value for key, value in self.others):
            return False
        if self.stage is not None:
            own = text(cell.config.get("stage")) or "test"
            if own.lower() != self.stage:
                return False
        return self.env is None or self._same_env(cell)

    def _same_env(self, cell: Cell) -> bool:
        own = tuple(var.key for var in cell.env)
        return own == self.env or tuple(k for k in own if k not in self.shared) == self.env


def selections(file: File, entries: Sequence[Mapping], problems: Problems) -> list[Selection]:
    """The entries made ready; one that lists nothing selects nothing."""
    if len(entries) > MOST_SELECTIONS:
        message = f"more than {MOST_SELECTIONS} entries that select jobs"
        problems.error(entries[0].location, message)
        return []
    return [_selection(file, keys(entry)) for entry in entries]


def _selection(file: File, found: Keys) -> Selection:
    condition = found.pop("if", None)
    env = found.pop("env", None)
    stage = text(found.pop("stage", None))
    nothing = not found and env is None and stage is None
    return Selection(
        condition=condition,
        others=(("", ("",)),) if nothing else tuple((k, listed(v)) for k, v in found.items()),
        env=None if env is None else tuple(var.key for var in read_job_env(env, Problems())),
        stage=None if stage is None else stage.lower(),
        shared=frozenset(var.key for var in file.env.shared),
    )
