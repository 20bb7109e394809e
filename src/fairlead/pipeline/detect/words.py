"""Command words with places that only the job's shell can fill, and their way into bash."""

import re
import shlex
from collections.abc import Sequence

ROOT = "\ue000"
"""Stands for the project's folder."""
TEMPORARY = "\ue001"
"""Stands for a folder that is gone after the job; never the temporary folder itself, which pytest's
``--basetemp`` would empty."""

_VARIABLE = re.compile("\ue002(\\w+)\ue003(.*?)\ue004", re.DOTALL)


class Untranslatable(Exception):
    """Something that only the original tool can do; the message names it."""


def variable(name: str, default: str) -> str:
    """A place for the value of an environment variable.

    Raises ``Untranslatable`` for a default that tox would split into words.
    """
    if re.search(r"[\s'\"\\]", default):
        raise Untranslatable(f"{{env:{name}:{default}}}")
    return f"\ue002{name}\ue003{default}\ue004"


def to_shell(words: Sequence[str], folder: str = "") -> str:
    """One bash command of these words; ``folder`` is where it runs, below the project's."""
    command = " ".join(_quoted(word, folder) for word in words)
    return f"cd {shlex.quote(folder)} && {command}" if folder else command


def to_value(text: str) -> tuple[str, bool]:
    """A variable's value, and whether it is bash text (it has places) or plain."""
    return (_quoted(text, ""), True) if _places(text) else (text, False)


def _places(word: str) -> bool:
    return any(mark in word for mark in (ROOT, TEMPORARY, "\ue002"))


def _quoted(word: str, folder: str) -> str:
    if not _places(word):
        return shlex.quote(word)
    if word == ROOT:
        return _up(folder) or "."
    text = re.sub(r'([\\"$`])', r"\\\1", word)
    text = _VARIABLE.sub(r"${\1-\2}", text)
    up = _up(folder)
    root = f"$PWD/{up}" if up else "$PWD"
    return '"' + text.replace(ROOT, root).replace(TEMPORARY, "${TMPDIR:-/tmp}/fairlead-env") + '"'


def _up(folder: str) -> str:
    return "/".join([".."] * len([part for part in folder.split("/") if part not in ("", ".")]))
