"""Reading the loose forms of ``.travis.yml``: one value where a list is meant, and the like."""

from typing import TypeAlias

from fairlead.model import Location, Problem
from fairlead.pipeline.document import Mapping, Node, Scalar, Sequence

Plain: TypeAlias = "str | tuple[Plain, ...] | tuple[tuple[str, Plain], ...] | None"
"""A node without its places, for comparing."""

Keys: TypeAlias = dict[str, Node]
"""The keys of a mapping, in order."""


class Problems:
    """What was found wrong or doubtful while reading one file."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, location: Location, message: str, hint: str = "") -> None:
        """Note something with which the file cannot be used."""
        self.errors.append(Problem(location=location, message=message, hint=hint))

    def warn(self, location: Location, message: str, hint: str = "") -> None:
        """Note something that must be said once."""
        problem = Problem(location=location, message=message, hint=hint, warning=True)
        if problem not in self.warnings:
            self.warnings.append(problem)


def plain(node: Node | None) -> Plain:
    """The content of a node; mappings as sorted pairs."""
    match node:
        case Scalar():
            return None if node.null else node.text
        case Sequence():
            return tuple(plain(item) for item in node.items)
        case Mapping():
            return tuple(sorted((key.text, plain(value)) for key, value in node.entries))
    return None


def listed(node: Node | None) -> Plain:
    """The content of a node for comparing, where one value stands for a list of one."""
    value = plain(node)
    return value if isinstance(value, tuple) else (value,)


def keys(node: Mapping) -> Keys:
    """The keys that hold something."""
    return {key.text: value for key, value in node.entries if not is_null(value)}


def is_null(node: Node | None) -> bool:
    """Whether there is nothing."""
    return node is None or (isinstance(node, Scalar) and node.null)


def items(node: Node | None) -> tuple[Node, ...]:
    """The elements of a list, of a list in a list, or the one value itself; nothing for null."""
    if node is None or is_null(node):
        return ()
    if isinstance(node, Sequence):
        return tuple(found for item in node.items for found in items(item))
    return (node,)


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """The texts among the elements."""
    return tuple(item for item in items(node) if isinstance(item, Scalar))


def texts(node: Node | None) -> tuple[str, ...]:
    """The texts among the elements, as strings."""
    return tuple(item.text for item in scalars(node))


def mappings(node: Node | None) -> tuple[Mapping, ...]:
    """The mappings among the elements."""
    return tuple(item for item in items(node) if isinstance(item, Mapping))


def text(node: Node | None) -> str | None:
    """The first text, or ``None``."""
    found = scalars(node)
    return found[0].text if found else None


def truth(node: Node | None) -> bool:
    """Whether a flag is set, in any spelling YAML 1.1 knows."""
    return (text(node) or "").lower() in ("true", "yes", "on", "y", "1", "required")
