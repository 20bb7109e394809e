"""What reading a file collects on its way: problems, and places where axes are filled in."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fairlead.model import Location, Problem
from fairlead.pipeline.document import Mapping, Node, Scalar

PLACEHOLDER = r"\$\{\{\s*(.*?)\s*\}\}"
_SHOWN = 40


class Use(NamedTuple):
    """A ``${{ name }}`` in the file, in a job or (``job`` is empty) under a ``key`` of the file."""

    job: str
    key: str
    name: str
    location: Location


class Reader:
    """Collects every problem of a file, so that they are shown together."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.uses: list[Use] = []
        self.job = ""
        self._keys: list[str] = []
        self._words: dict[Location, str] = {}

    def error(self, location: Location, message: str, hint: str = "") -> None:
        """Note something that must be put right."""
        self.problems.append(Problem(location=location, message=message, hint=hint))

    @contextmanager
    def under(self, key: str) -> Iterator[None]:
        """While the value of ``key`` is read, problems name that key."""
        self._keys.append(key)
        try:
            yield
        finally:
            self._keys.pop()

    @property
    def key(self) -> str:
        """The key whose value is being read."""
        return self._keys[-1] if self._keys else "the file"

    def describe(self, node: Node, words: str) -> None:
        """Say of all that this place takes, should a part of it refuse the value."""
        self._words.setdefault(node.location, words)

    def refuse(self, node: Node, words: str, hint: str = "") -> None:
        """Note that the key takes something else: ``timeout takes a duration, not 'soon'``."""
        words = self._words.get(node.location, words)
        self.error(node.location, f"{self.key} takes {words}, not {shown(node)}", hint)

    def note_uses(self, node: Scalar, *, allowed: bool) -> None:
        """Remember the ``${{ }}`` of a text, or refuse them where nothing is filled in."""
        if "${{" not in node.text:
            return
        if not allowed:
            self.error(node.location, f"${{{{ }}}} is not filled in under {self.key}")
        for found in re.finditer(PLACEHOLDER, node.text):
            self.uses.append(
                Use(self.job, self._keys[0] if self._keys else "", found[1], node.location)
            )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'python'?`` or an empty text."""
    import difflib

    choices = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f"did you mean {choices[close[0]]!r}?" if close else ""


def known_or_close(word: str, known: Iterable[str], what: str) -> str:
    """A hint for an unknown word: what was meant, else what there is."""
    names = list(dict.fromkeys(known))
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")  # noqa: PLR2004
    return did_you_mean(word, names) or (f"{what}: {listed}" if names else f"{what}: none")


def shown(node: Node) -> str:
    """A value in words that fit into a sentence."""
    if isinstance(node, Scalar):
        if node.null:
            return "nothing"
        text = node.text if len(node.text) <= _SHOWN else node.text[:_SHOWN] + "…"
        return repr(text)
    return "a mapping" if isinstance(node, Mapping) else "a list"
