"""The kinds of values a key can take: each reads a node, and describes itself as JSON Schema.

Reading never raises: what is wrong is noted in the reader and left out of the value, so that
one pass finds every problem of a file.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from fairlead.model import Location
from fairlead.pipeline.document import Mapping, Node, Scalar
from fairlead.pipeline.document import Sequence as List
from fairlead.pipeline.native.reader import Reader, did_you_mean, known_or_close

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema: TypeAlias = dict[str, Any]
TEXT_SCHEMA: Schema = {"type": ["string", "number", "boolean"]}


class Kind(ABC, Generic[T_co]):
    """One kind of value. ``words`` name it in messages and docs: ``a duration``."""

    words: str

    @abstractmethod
    def read(self, node: Node, reader: Reader) -> T_co | None:
        """The value, or ``None`` with a problem noted."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema (2020-12) of what this kind accepts."""


class Word(Kind[T]):
    """A single text, turned into a value by ``parse``, which gives ``None`` for a wrong one.

    ``fill`` says that ``${{ axis }}`` is replaced in it, ``empty`` that nothing is a text too.
    """

    def __init__(
        self,
        words: str,
        parse: Callable[[str], T | None],
        schema: Schema = TEXT_SCHEMA,
        *,
        fill: bool = False,
        empty: bool = False,
        hint: str = "",
    ) -> None:
        self.words = words
        self._empty = empty
        self._parse = parse
        self._schema = schema
        self._fill = fill
        self._hint = hint

    def read(self, node: Node, reader: Reader) -> T | None:
        """The parsed text."""
        if not isinstance(node, Scalar) or (node.null and not self._empty):
            reader.refuse(node, self.words, self._hint)
            return None
        reader.note_uses(node, allowed=self._fill)
        value = self._parse("" if node.null else node.text)
        if value is None:
            reader.refuse(node, self.words, self._hint)
        return value

    def schema(self) -> Schema:
        """As given."""
        return self._schema


class Choice(Kind[str]):
    """One of a few words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.words = " or ".join(f"`{choice}`" for choice in choices)

    def read(self, node: Node, reader: Reader) -> str | None:
        """The word, exactly."""
        if isinstance(node, Scalar) and node.text in self.choices:
            return node.text
        hint = did_you_mean(node.text, self.choices) if isinstance(node, Scalar) else ""
        reader.refuse(node, self.words, hint)
        return None

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.choices)}


class Placed(Kind[Scalar]):
    """A name that is looked up later, and so keeps its place in the file."""

    def __init__(self, words: str, pattern: str = ".+", *, fill: bool = False) -> None:
        self.words = words
        self._pattern = pattern
        self._fill = fill

    def read(self, node: Node, reader: Reader) -> Scalar | None:
        """The scalar itself."""
        if not isinstance(node, Scalar) or node.null or not re.fullmatch(self._pattern, node.text):
            reader.refuse(node, self.words)
            return None
        reader.note_uses(node, allowed=self._fill)
        return node

    def schema(self) -> Schema:
        """A text of the pattern."""
        return TEXT_SCHEMA if self._pattern == ".+" else _pattern_schema(self._pattern)


class ListOf(Kind[tuple[T, ...]]):
    """A list; with ``single`` one value may stand for a list of one."""

    def __init__(self, item: Kind[T], words: str, *, single: bool = False) -> None:
        self.item = item
        self.words = words
        self._single = single

    def read(self, node: Node, reader: Reader) -> tuple[T, ...] | None:
        """The items that could be read; nothing at all is an empty list."""
        if isinstance(node, Scalar) and node.null:
            return ()
        if not isinstance(node, List):
            if not self._single:
                reader.refuse(node, self.words)
                return None
            value = self.item.read(node, reader)
            return None if value is None else (value,)
        found = (self.item.read(item, reader) for item in node.items)
        return tuple(value for value in found if value is not None)

    def schema(self) -> Schema:
        """An array, or one item."""
        items = self.item.schema()
        array = {"type": ["array", "null"], "items": items}
        return {"anyOf": [items, array]} if self._single else array


class MapOf(Kind[tuple[tuple[Scalar, T], ...]]):
    """A mapping with keys of the writer's own, which must match ``pattern``."""

    def __init__(self, value: Kind[T], words: str, *, key: str, pattern: str) -> None:
        self.value = value
        self.words = words
        self._key = key
        self._pattern = pattern

    def read(self, node: Node, reader: Reader) -> tuple[tuple[Scalar, T], ...] | None:
        """The entries that could be read, with the places of their keys."""
        if isinstance(node, Scalar) and node.null:
            return ()
        if not isinstance(node, Mapping):
            reader.refuse(node, self.words)
            return None
        found = [(key, self.entry(key, value, reader)) for key, value in node.entries]
        return tuple((key, value) for key, value in found if value is not None)

    def entry(self, key: Scalar, node: Node, reader: Reader) -> T | None:
        """One value, if its key is allowed."""
        if not re.fullmatch(self._pattern, key.text):
            reader.error(key.location, f"{key.text!r} is not {self._key}")
            return None
        with reader.under(key.text):
            return self.value.read(node, reader)

    def schema(self) -> Schema:
        """An object whose keys match the pattern."""
        return {
            "type": ["object", "null"],
            "propertyNames": {"pattern": f"^(?:{self._pattern})$"},
            "additionalProperties": self.value.schema(),
        }


class Mapped(Kind[T], Generic[T]):
    """Another kind whose value is turned into something else."""

    def __init__(self, kind: Kind[Any], make: Callable[[Any], T], words: str = "") -> None:
        self.kind = kind
        self.words = words or kind.words
        self._make = make

    def read(self, node: Node, reader: Reader) -> T | None:
        """The inner kind's value, made over."""
        value = self.kind.read(node, reader)
        return None if value is None else self._make(value)

    def schema(self) -> Schema:
        """That of the inner kind."""
        return self.kind.schema()


class OneOf(Kind[T], Generic[T]):
    """Different kinds by the shape of the value: a text, a list or a mapping.

    Nothing at all is read by the kind for lists or mappings, where there is no text to take.
    """

    def __init__(
        self,
        words: str,
        *,
        scalar: Kind[T] | None = None,
        sequence: Kind[T] | None = None,
        mapping: Kind[T] | None = None,
    ) -> None:
        self.words = words
        self.scalar = scalar
        self.sequence = sequence
        self.mapping = mapping

    @property
    def kinds(self) -> tuple[Kind[T], ...]:
        """The alternatives, mappings last."""
        found = (self.scalar, self.sequence, self.mapping)
        return tuple(kind for kind in found if kind is not None)

    def read(self, node: Node, reader: Reader) -> T | None:
        """What the kind for this shape makes of it."""
        if isinstance(node, Mapping):
            kind = self.mapping
        elif isinstance(node, List):
            kind = self.sequence
        else:
            kind = self.scalar or (self.sequence or self.mapping if node.null else None)
            reader.describe(node, self.words)
        if kind is None:
            reader.refuse(node, self.words)
            return None
        return kind.read(node, reader)

    def schema(self) -> Schema:
        """Any of the alternatives."""
        found = [kind.schema() for kind in self.kinds]
        distinct = [schema for number, schema in enumerate(found) if schema not in found[:number]]
        return {"anyOf": distinct}


class Key(Generic[T]):
    """One key of a mapping: its kind, what it means, and what its absence means."""

    def __init__(
        self, name: str, kind: Kind[T], doc: str, *, default: str = "", required: bool = False
    ) -> None:
        self.name = name
        self.kind = kind
        self.doc = doc
        self.default = default
        self.required = required


class Keys(Kind[T]):
    """A mapping with declared keys, made into a value by ``make``.

    ``make`` gets a keyword per key that is there, and ``location``. ``others`` reads keys beyond
    the declared ones into the keyword ``others``. ``familiar`` maps words that other tools use
    to what is meant. Keys that begin with ``x-`` are left alone where ``extensible``.
    """

    def __init__(
        self,
        title: str,
        keys: Sequence[Key[Any]],
        make: Callable[..., T],
        *,
        others: MapOf[Any] | None = None,
        familiar: dict[str, str] | None = None,
        extensible: bool = False,
        words: str = "a mapping",
    ) -> None:
        self.title = title
        self.keys = {key.name: key for key in keys}
        self.words = words
        self.others = others
        self._make = make
        self._familiar = familiar or {}
        self._extensible = extensible

    def read(self, node: Node, reader: Reader) -> T | None:
        """The made value; problems with single keys only leave those keys out."""
        if isinstance(node, Scalar) and node.null:
            node = Mapping(entries=(), location=node.location)
        if not isinstance(node, Mapping):
            reader.refuse(node, self.words)
            return None
        values: dict[str, Any] = {}
        others: list[tuple[Scalar, Any]] = []
        for name, child in node.entries:
            if key := self.keys.get(name.text):
                with reader.under(name.text):
                    value = key.kind.read(child, reader)
                if value is not None:
                    values[name.text] = value
            elif self.others and (value := self._other(name, child, reader)) is not None:
                others.append((name, value))
            elif not self.others and not (self._extensible and name.text.startswith("x-")):
                self._unknown(name, reader)
        self._require(node, reader)
        if self.others:
            values["others"] = tuple(others)
        return self._make(location=node.location, **values)

    def _other(self, name: Scalar, child: Node, reader: Reader) -> Any:
        return self.others.entry(name, child, reader) if self.others else None

    def _require(self, node: Mapping, reader: Reader) -> None:
        for key in self.keys.values():
            if key.required and node.get(key.name) is None:
                reader.error(node.location, f"{reader.key} must have the key {key.name!r}")

    def _unknown(self, name: Scalar, reader: Reader) -> None:
        if meant := self._familiar.get(name.text):
            hint = meant
        else:
            hint = known_or_close(name.text, self.keys, "known keys")
        where = f"under {reader.key}" if reader.key != "the file" else "at the top of the file"
        reader.error(name.location, f"unknown key {name.text!r} {where}", hint)

    def schema(self) -> Schema:
        """An object with these properties and, mostly, no others."""
        properties = {
            name: {"description": key.doc, **key.kind.schema()} for name, key in self.keys.items()
        }
        schema: Schema = {"type": ["object", "null"], "properties": properties}
        if required := [key.name for key in self.keys.values() if key.required]:
            schema |= {"type": "object", "required": required}
        if self.others:
            inner = self.others.schema()
            schema["additionalProperties"] = inner["additionalProperties"]
            schema["propertyNames"] = inner["propertyNames"]
        else:
            schema["additionalProperties"] = False
        if self._extensible:
            schema["patternProperties"] = {"^x-": True}
        return schema


class Later(Kind[None]):
    """Another kind that runs pass over; who wants it loads it: schema, reference, deployments."""

    def __init__(self, words: str, find: Callable[[], Kind[Any]]) -> None:
        self.words = words
        self._find = find

    @property
    def kind(self) -> Kind[Any]:
        """The kind itself."""
        return self._find()

    def read(self, node: Node, reader: Reader) -> None:
        """Nothing, whatever stands there."""
        del node, reader

    def schema(self) -> Schema:
        """That of the kind."""
        return self.kind.schema()


def unplaced(make: Callable[..., T]) -> Callable[..., T]:
    """A maker for ``Keys`` of values that keep no place."""

    def made(location: Location, **values: Any) -> T:
        del location
        return make(**values)

    return made


def _pattern_schema(pattern: str) -> Schema:
    return {**TEXT_SCHEMA, "pattern": f"^(?:{pattern})$"}
