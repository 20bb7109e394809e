"""YAML files whose errors name the line: texts stay texts, keys are checked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Callable, TypeVar

import yaml

from bank import money

T = TypeVar("T")


class FileError(Exception):
    """Something wrong in a file: where, and what."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class Item:
    """A value in a YAML file that knows its place.

    Scalars are read as the text that was written: ``0.10`` is an amount of ten cents and
    ``2024-01-02`` a date only because somebody asks for one.
    """

    def __init__(self, path: Path, node: yaml.Node) -> None:
        self.path = path
        self._node = node

    def error(self, message: str) -> FileError:
        """An error that points here."""
        return FileError(self.path, self._node.start_mark.line + 1, message)

    def mapping(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Item]:
        """The values by key; unknown, repeated and missing keys are errors."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.error(f"expected keys ({', '.join(required)})")
        found: dict[str, Item] = {}
        for key_node, value in self._node.value:
            key = Item(self.path, key_node)
            name = key.text()
            if name not in required + optional:
                raise key.error(f"unknown key {name!r}; known: {', '.join(required + optional)}")
            if name in found:
                raise key.error(f"the key {name!r} is there twice")
            found[name] = Item(self.path, value)
        if missing := [name for name in required if name not in found]:
            raise self.error(f"{missing[0]!r} is missing")
        return found

    def get(self, name: str) -> Item:
        """The value of one key, whatever other keys there are."""
        if isinstance(self._node, yaml.MappingNode):
            for key, value in self._node.value:
                if key.value == name:
                    return Item(self.path, value)
        raise self.error(f"{name!r} is missing")

    def items(self) -> Iterator[Item]:
        """The members of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error("expected a list")
        return (Item(self.path, node) for node in self._node.value)

    def text(self) -> str:
        """The text of a scalar."""
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.error("expected a text")
        return str(self._node.value)

    def amount(self) -> Decimal:
        """The scalar as an amount of money."""
        return self._as(money.parse)

    def date(self) -> date:
        """The scalar as a date such as ``2024-01-02``."""
        return self._as(_day)

    def _as(self, read: Callable[[str], T]) -> T:
        try:
            return read(self.text())
        except ValueError as error:
            raise self.error(str(error)) from error


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:  # newer Pythons read more forms than older ones
        raise ValueError(f"{text!r} is not a date such as 2024-01-02")
    return day


def open_yaml(path: Path) -> Item:
    """Read a file. Raises ``FileError`` where it is absent, empty or not YAML."""
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise FileError(path, 0, f"cannot be read: {reason}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise FileError(path, line, f"not YAML: {error.problem}") from error
    if node is None:
        raise FileError(path, 0, "is empty")
    return Item(path, node)
