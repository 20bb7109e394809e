"""Globs for paths, branches and tags: ``*`` stays within a part, ``**`` stands for any parts."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_ANY = None


def selects(globs: Iterable[str], text: str) -> bool:
    """Whether a list of globs takes ``text``: one must match, and none with a leading ``!``.

    A list of nothing but negations takes everything else.
    """
    chosen = [glob for glob in globs if not glob.startswith("!")]
    refused = [glob[1:] for glob in globs if glob.startswith("!")]
    if any(matches(glob, text) for glob in refused):
        return False
    return not chosen or any(matches(glob, text) for glob in chosen)


def matches(glob: str, text: str) -> bool:
    """Whether ``glob`` matches all of ``text``; ``src/`` and ``src/**`` match all below ``src``.

    The time is at most proportional to the product of both lengths, whatever they hold.
    """
    return _match(_parts(glob), text.split("/"))


@lru_cache(maxsize=1024)
def _parts(glob: str) -> tuple[re.Pattern[str] | None, ...]:
    """An expression a part, ``None`` for ``**``."""
    words = glob.removeprefix("./").split("/")
    if words[-1] in {"", "**"} and len(words) > 1:
        words[-1:] = ["**", "*"]
    elif words == ["**"]:
        words = ["**", "*"]
    return tuple(_ANY if w == "**" else re.compile(fnmatch.translate(w)) for w in words)


def _match(parts: Sequence[re.Pattern[str] | None], words: Sequence[str]) -> bool:
    """Wildcard matching that goes back to the last ``**`` only."""
    part = word = 0
    star, resumed = -1, 0
    while word < len(words):
        if part < len(parts) and parts[part] is _ANY:
            star, resumed = part, word
            part += 1
        elif part < len(parts) and _fits(parts[part], words[word]):
            part, word = part + 1, word + 1
        elif star >= 0:
            resumed += 1
            part, word = star + 1, resumed
        else:
            return False
    return all(rest is _ANY for rest in parts[part:])


def _fits(part: re.Pattern[str] | None, word: str) -> bool:
    return part is not None and part.match(word) is not None
