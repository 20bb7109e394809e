"""Which cells of a matrix there are, and when a job runs at all."""

from typing import Any

from fairlead.model import (
    Location,
)
from fairlead.pipeline.document import Node
from fairlead.pipeline.native.kinds import (
    Key,
    Keys,
    Kind,
    ListOf,
    MapOf,
    OneOf,
    unplaced,
)
from fairlead.pipeline.native.parts import PATTERNS
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.native.values import (
    Matrix,
    Selector,
    When,
)
from fairlead.pipeline.native.words import (
    AXIS_NAME,
    AXIS_VALUE,
    EVENT,
    FLAG,
)

_VALUES = ListOf(AXIS_VALUE, "a value or a list of values", single=True)


class _SelectorKind(Kind[Selector]):
    """Axes with one or more values each."""

    words = "a mapping of axes to values"
    inner = MapOf(_VALUES, words, key="an axis", pattern=AXIS_NAME)

    def read(self, node: Node, reader: Reader) -> Selector | None:
        cells = self.inner.read(node, reader)
        return None if cells is None else Selector(cells=cells, location=node.location)

    def schema(self) -> dict[str, Any]:
        return self.inner.schema()


SELECTORS = ListOf(_SelectorKind(), "a list of mappings of axes to values", single=True)


def _matrix(location: Location, **values: Any) -> Matrix:
    return Matrix(axes=values.pop("others", ()), location=location, **values)


MATRIX = Keys(
    "matrix",
    (
        Key("exclude", SELECTORS, "Cells to leave out.", default="none"),
        Key("include", SELECTORS, "Cells to add; an axis left out has its first value."),
    ),
    _matrix,
    others=MapOf(_VALUES, "a mapping of axes", key="an axis", pattern=AXIS_NAME),
)

ALLOW_FAILURE: Kind[bool | tuple[Selector, ...]] = OneOf(
    "true, false, or a list of matrix cells",
    scalar=FLAG,
    sequence=SELECTORS,
    mapping=SELECTORS,
)


WHEN_KEYS = Keys(
    "when",
    (
        Key("branch", PATTERNS, "Branches."),
        Key("tag", PATTERNS, "Tags."),
        Key("event", ListOf(EVENT, EVENT.words, single=True), "Events."),
        Key("changed", PATTERNS, "Paths, of which at least one must have changed."),
    ),
    unplaced(When),
    familiar={
        "paths": "write `changed`",
        "changes": "write `changed`",
        "branches": "write `branch`",
        "tags": "write `tag`",
        "events": "write `event`",
    },
)
WHEN: Kind[tuple[When, ...]] = ListOf(WHEN_KEYS, "a mapping of conditions, or a list", single=True)
