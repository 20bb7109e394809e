"""What a stream can show: its width, colours and symbols."""

import os
import unicodedata
from collections.abc import Mapping
from typing import IO

import msgspec

_SGR = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "dim": "2",
    "bold": "1",
    "bad": "1;31",
}
_COLOURS = {
    "passed": "green",
    "failed": "red",
    "errored": "yellow",
    "cancelled": "magenta",
    "skipped": "dim",
    "running": "cyan",
    "waiting": "dim",
    "allowed": "yellow",
}
_SYMBOLS = {
    "passed": "✓",
    "failed": "✗",
    "errored": "!",
    "cancelled": "■",
    "skipped": "-",
    "running": "▸",
    "waiting": "·",
    "allowed": "✗",
}
_ASCII_SYMBOLS = _SYMBOLS | {
    "passed": "+",
    "failed": "x",
    "cancelled": "#",
    "running": ">",
    "waiting": ".",
    "allowed": "x",
}
_ASCII = str.maketrans({
    "…": "...", "—": "-", "·": "-", "─": "-", "━": "#", "▸": ">", "✓": "+", "✗": "x",
    "\N{EN DASH}": "-", "\N{MINUS SIGN}": "-",
})  # fmt: skip


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How to write for one stream: ``width`` in cells, with ``colour``, with ``symbols``."""

    width: int = 80
    colour: bool = False
    unicode: bool = True

    def style(self, text: str, name: str) -> str:
        """``text`` in a colour or weight (or that of an outcome), where colours are wanted."""
        if not self.colour or not text:
            return text
        return f"\x1b[{_SGR[_COLOURS.get(name, name)]}m{text}\x1b[0m"

    def symbol(self, outcome: str) -> str:
        """The sign of an outcome, coloured."""
        return self.style((_SYMBOLS if self.unicode else _ASCII_SYMBOLS)[outcome], outcome)

    def plain(self, text: str) -> str:
        """Our own words, in characters that the stream has."""
        return text if self.unicode else text.translate(_ASCII)

    def clip(self, text: str, width: int) -> str:
        """``text`` in at most ``width`` columns, its end replaced by ``…`` where it is longer."""
        return clip(text, width, "…" if self.unicode else "~")


def colour_name(outcome: str) -> str:
    """The colour of an outcome."""
    return _COLOURS[outcome]


def look_of(stream: IO[str], environ: Mapping[str, str]) -> Look:
    """The look for ``stream``, by https://no-color.org, ``FORCE_COLOR``, ``TERM`` and locale."""
    return Look(
        width=width_of(stream, environ),
        colour=wants_colour(stream, environ),
        unicode=has_unicode(stream, environ),
    )


def wants_colour(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Whether to write colours: ``NO_COLOR`` beats ``FORCE_COLOR`` beats what the stream is."""
    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE"):
        return forced != "0"
    return is_terminal(stream) and environ.get("TERM") not in ("dumb", "")


def has_unicode(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Whether the symbols can be encoded, and a locale that was set says UTF-8."""
    named = next((environ[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(n)), "")
    if named and "utf" not in named.lower():
        return False
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def width_of(stream: IO[str], environ: Mapping[str, str]) -> int:
    """Columns of the terminal, or ``COLUMNS``, or 80."""
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        found = 0
    given = environ.get("COLUMNS", "")
    return found or (int(given) if given.isdecimal() else 0) or 80


def is_terminal(stream: IO[str]) -> bool:
    """Whether a person may be looking."""
    try:
        return stream.isatty()
    except (ValueError, AttributeError):
        return False


def cells(text: str) -> int:
    """Columns that ``text`` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int, end: str = "…") -> str:
    """``text`` in at most ``width`` columns; ``end`` stands for what is left out."""
    if cells(text) <= width:
        return text
    used, kept = 1, []
    for character in text:
        used += _cells_of(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + end
