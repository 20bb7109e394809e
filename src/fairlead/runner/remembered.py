"""The plan as it was made last time, with what planning looked at.

Making a plan means loading YAML and all that understands it, which takes longer than everything
else before a job starts. So a plan is kept with the facts it rests on: every file that was read or
looked for, and whatever else was asked. While they are the same, so is the plan.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from fairlead import __version__
from fairlead.errors import StoreError
from fairlead.model import Plan, Trigger
from fairlead.pipeline.tree import Tree
from fairlead.util.decoding import from_json
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic

_PLANNING = 1
"""To be raised when the same facts are to give another plan."""
_PATHS = "paths"
_FILE = "file "


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """``facts`` pairs what was looked at with a digest of what was seen."""

    key: str
    facts: tuple[tuple[str, str], ...]
    plan: Plan


class Facts:
    """What a plan may rest on: the files of a tree, and ``others`` by name. Notes what is asked.

    It is a ``Tree`` itself, for the planners.
    """

    def __init__(self, tree: Tree, others: dict[str, Callable[[], object]]) -> None:
        self._tree = tree
        self._others = others
        self._noted: dict[str, str] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """All file paths of the tree."""
        paths = self._tree.paths
        self._noted[_PATHS] = _digest(paths)
        return paths

    def read(self, path: str) -> bytes | None:
        """The bytes of one file of the tree, or ``None``."""
        data = self._tree.read(path)
        self._noted[_FILE + path] = _digest(data)
        return data

    def ask(self, name: str) -> object:
        """One of the other facts."""
        value = self._others[name]()
        self._noted[name] = _digest(value)
        return value

    @property
    def noted(self) -> tuple[tuple[str, str], ...]:
        """All that was asked so far, with digests of the answers."""
        return tuple(self._noted.items())

    def hold(self, noted: tuple[tuple[str, str], ...]) -> bool:
        """Whether everything would be answered as it was then."""
        return all(_digest(self._look(name)) == digest for name, digest in noted)

    def _look(self, name: str) -> object:
        if name == _PATHS:
            return self._tree.paths
        if name.startswith(_FILE):
            return self._tree.read(name.removeprefix(_FILE))
        return self._others[name]() if name in self._others else name


def remembering(place: Path, trigger: Trigger, facts: Facts, make: Callable[[], Plan]) -> Plan:
    """What ``make`` returns, or the plan that it returned last time from the same facts.

    One plan is kept, in the file ``place``; what is broken there does no harm. Errors are not kept.
    """
    try:
        key = sha256(msgspec.json.encode((__version__, _PLANNING, trigger))).hexdigest()
    except UnicodeEncodeError:  # a branch that is no text
        return make()
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        kept = from_json(place.read_bytes(), _Kept)
        if kept.key == key and facts.hold(kept.facts):
            return kept.plan
    plan = make()
    with suppress(StoreError, UnicodeEncodeError):
        write_atomic(place, msgspec.json.encode(_Kept(key=key, facts=facts.noted, plan=plan)))
    return plan


def _digest(value: object) -> str:
    data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "backslashreplace")
    return f"{type(value).__name__} {sha256(data).hexdigest()}"
