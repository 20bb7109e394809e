"""YAML text that people like to read, of nested tuples, lists and dicts with comments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Tree: TypeAlias = "str | Sequence[str] | Mapping[str, Tree]"

_WIDTH = 100
_PLAIN = re.compile(
    r"[A-Za-z_./(][A-Za-z0-9_./ +=<>~@()*$\"';|&-]*[A-Za-z0-9_./)\"'$*]|[A-Za-z_.]|\d+ [a-z]+"
)
_AMBIGUOUS = re.compile(r"(?:yes|no|on|off|null|y|n|~)$", re.IGNORECASE)


def mapping(values: Mapping[str, Tree], indent: int = 0) -> Iterator[str]:
    """The lines of a mapping; values that hold nothing are left out."""
    for key, value in values.items():
        if value or value == "":
            yield from entry(key, value, indent)


def entry(key: str, value: Tree, indent: int = 0) -> Iterator[str]:
    """The lines of one key and its value."""
    pad = " " * indent
    name = scalar(key)
    if isinstance(value, str):
        yield from _text(f"{pad}{name}:", value, indent + 2)
    elif isinstance(value, Mapping):
        yield f"{pad}{name}:"
        yield from mapping(value, indent + 2)
    elif _short(line := f"{pad}{name}: [{', '.join(map(_inside, value))}]", value):
        yield line
    else:
        yield f"{pad}{name}:"
        for item in value:
            yield from _text(f"{pad}  -", item, indent + 4)


def scalar(text: str) -> str:
    """A text as one YAML word: plain where that cannot be misread, else in double quotes."""
    if _PLAIN.fullmatch(text) and not _AMBIGUOUS.match(text) and " #" not in text:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    """A text in double quotes, with escapes for what cannot be seen or would break a line."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08X}" for sign in quoted)


def _inside(text: str) -> str:
    """A text inside brackets, where a few more signs have a meaning."""
    plain = re.fullmatch(r"[A-Za-z_.][\w./<>=~+-]*", text) and not _AMBIGUOUS.match(text)
    return text if plain else _quoted(text)


def _short(line: str, value: Sequence[str]) -> bool:
    commands = any(" " in item for item in value)
    return len(line) <= _WIDTH and not commands and not any("\n" in item for item in value)


def _text(prefix: str, text: str, indent: int) -> Iterator[str]:
    if "\n" not in text or not _block(text):
        yield f"{prefix} {scalar(text)}"
        return
    yield f"{prefix} |-"
    for line in text.split("\n"):
        yield f"{' ' * indent}{line}" if line else ""


def _block(text: str) -> bool:
    """Whether a text survives as a literal block."""
    plain = all(sign in "\n\t" or sign.isprintable() for sign in text)
    return plain and not text.startswith((" ", "\t", "\n")) and not text.endswith("\n")
