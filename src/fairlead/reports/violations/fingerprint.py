"""Fingerprints by which a violation is known again when its line has moved."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from fairlead.model import Violation

# Line numbers inside messages: "from line 12", "lines 3-9", "==module:[3:9]", "a.py:12".
_NUMBERS = re.compile(
    r"(?<=\bline )\d+|(?<=\blines )\d+(?:\s*[-,]\s*\d+)*|\[\d+:\d+\]|(?<=\.py:)\d+"
)


def fingerprinted(
    items: Iterable[Violation], source: Callable[[str], bytes | None]
) -> tuple[Violation, ...]:
    """The violations in their order, each once and with a fingerprint.

    It covers tool, rule, path, message and the text of the line; those that agree in all of
    these are numbered from the top of the file. One that a report brings along is kept.
    """
    unique = tuple(dict.fromkeys(items))
    texts = _Texts(source)
    seen: Counter[tuple[str, ...]] = Counter()
    prints: dict[Violation, str] = {}
    for item in sorted(unique, key=lambda item: (item.line, item.column)):
        parts = _parts(item, texts.line(item.path, item.line))
        prints[item] = item.fingerprint or _digest(*parts, str(seen[parts]))
        seen[parts] += 1
    return tuple(msgspec.structs.replace(item, fingerprint=prints[item]) for item in unique)


def _parts(item: Violation, text: str) -> tuple[str, ...]:
    message = _NUMBERS.sub("#", item.message)
    return (item.tool, item.rule, item.path, " ".join(message.split()), text)


def _digest(*parts: str) -> str:
    data = "\0".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class _Texts:
    """Lines of source files, each file read and split once."""

    def __init__(self, source: Callable[[str], bytes | None]) -> None:
        self._source = source
        self._lines: dict[str, list[bytes]] = {}

    def line(self, path: str, number: int) -> str:
        """The stripped text of a line, empty where it is not known."""
        if not number or path in ("", ".") or "\0" in path:
            return ""
        if path not in self._lines:
            self._lines[path] = (self._source(path) or b"").split(b"\n")
        lines = self._lines[path]
        if number > len(lines):
            return ""
        return " ".join(lines[number - 1].decode("utf-8", "replace").split())
