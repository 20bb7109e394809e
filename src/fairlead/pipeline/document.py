"""YAML read strings first: texts, lists and mappings with their places, and nothing guessed.

YAML 1.1 turns ``3.10`` into 3.1 and ``on`` into true, so no scalar is resolved here: what a
value means is decided by the key it stands under. How it is read stands in ``parser``, which is
loaded only where there is something to read.
"""

from typing import TypeAlias

from fairlead.model import Location, Value

MAX_BYTES = 1 << 20
MAX_NODES = 20_000
"""Values in a file, each alias counted as often as what it stands for."""
MAX_DEPTH = 100


class Scalar(Value, frozen=True, kw_only=True, tag="scalar"):
    """A text. ``plain`` is false where it was quoted; ``null`` is a plain nothing or ``~``."""

    text: str
    location: Location
    null: bool = False
    plain: bool = True


class Sequence(Value, frozen=True, kw_only=True, tag="list"):
    """A list."""

    items: tuple["Node", ...]
    location: Location


class Mapping(Value, frozen=True, kw_only=True, tag="mapping"):
    """Keys and values in the order of the file, merge keys resolved, keys unique."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    location: Location

    def get(self, key: str) -> "Node | None":
        """The value of ``key``, or ``None`` where there is no such key."""
        return next((value for name, value in self.entries if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


def load(data: bytes, file: str) -> Node:
    """Read one YAML document; ``file`` is the name to show in places.

    An empty document is an empty mapping. Raises ``PipelineError`` for everything that is not
    UTF-8, not YAML, tagged, ambiguous (the same key twice), or beyond the limits above.
    """
    from fairlead.pipeline.parser import parse

    return parse(data, file)
