"""The ``env`` key: assignments that bash evaluates, public or encrypted."""

import re

import msgspec

from fairlead.model import Location, Value
from fairlead.pipeline.document import Mapping, Node, Scalar
from fairlead.pipeline.travis.nodes import Problems, is_null, items, text
from fairlead.util.digest import sha256

Entry = tuple["Var", ...]
"""The variables of one list element: one row of the matrix where it stands under ``env.jobs``."""


class Var(Value, frozen=True, kw_only=True):
    """One variable. ``value`` is bash text; ``cipher`` is the key of an encrypted one."""

    name: str
    value: str = ""
    cipher: str = ""
    location: Location

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two variables equal."""
        return (self.name, self.value, self.cipher)


class Env(msgspec.Struct, frozen=True, kw_only=True):
    """``env`` at the root: what all jobs share, and one entry for each row of the matrix."""

    shared: Entry = ()
    rows: tuple[Entry, ...] = ()


def cipher_key(ciphertext: str) -> str:
    """The name of an encrypted value: SHA-256 of its text without blanks, in hexadecimal."""
    return sha256("".join(ciphertext.split()).encode()).hexdigest()


def read_env(node: Node | None, problems: Problems) -> Env:
    """Read the root's ``env`` in any of its forms."""
    parts = ("global", "jobs", "matrix")
    if not isinstance(node, Mapping) or not any(node.get(part) for part in parts):
        return Env(rows=_entries(node, problems))
    for key, _value in node.entries:
        if key.text not in parts:
            problems.warn(key.location, f"env.{key.text} is ignored beside env.global and env.jobs")
    rows = _entries(node.get("jobs"), problems) + _entries(node.get("matrix"), problems)
    return Env(shared=_flat(_entries(node.get("global"), problems)), rows=rows)


def read_job_env(node: Node, problems: Problems) -> Entry:
    """Read ``env`` of one job: all its variables together."""
    env = read_env(node, problems)
    return _flat(env.rows) or env.shared


def _flat(entries: tuple[Entry, ...]) -> Entry:
    return tuple(var for entry in entries for var in entry)


def _entries(node: Node | None, problems: Problems) -> tuple[Entry, ...]:
    found = (_entry(item, problems) for item in items(node))
    return tuple(entry for entry in found if entry)


def _entry(node: Node, problems: Problems) -> Entry:
    if isinstance(node, Scalar):
        pairs = assignments(node.text)
        if not pairs and node.text.strip():
            problems.warn(node.location, f"{node.text!r} sets no variable", "write NAME=value")
        return tuple(Var(name=name, value=value, location=node.location) for name, value in pairs)
    assert isinstance(node, Mapping)  # noqa: S101 - items() leaves nothing else
    return tuple(_variable(key, value) for key, value in node.entries)


def _variable(key: Scalar, value: Node) -> Var:
    if key.text == "secure" and isinstance(value, Scalar):
        return Var(name="", cipher=cipher_key(value.text), location=value.location)
    if isinstance(value, Mapping) and (secure := text(value.get("secure"))):
        return Var(name=key.text, cipher=cipher_key(secure), location=value.location)
    word = "" if is_null(value) else bash_word(text(value) or "")
    return Var(name=key.text, value=word, location=key.location)


_NAME = re.compile(r"(?:^|(?<=\s))([A-Za-z_]\w*)=")
_PIECE = re.compile(
    r"""'[^']*' | "(?:\\.|\$\((?:[^()]|\([^()]*\))*\)|[^"\\])*" | `[^`]*` | \\. | [^\s'"`\\]""",
    re.VERBOSE | re.DOTALL,
)


def assignments(line: str) -> list[tuple[str, str]]:
    """Split ``A=1 B="two words" C=$(date +%Y)`` into names and bash texts, as bash would.

    Words without a ``=`` are passed over, as Travis does.
    """
    found = []
    at = 0
    while match := _NAME.search(line, at):
        end = _word_end(line, match.end())
        found.append((match[1], line[match.end() : end]))
        at = end
    return found


def _word_end(line: str, at: int) -> int:
    while at < len(line):
        if line.startswith("$(", at):
            at = _substitution_end(line, at + 2)
        elif match := _PIECE.match(line, at):
            at = match.end()
        elif line[at].isspace():
            break
        else:
            return len(line)
    return at


def _substitution_end(line: str, at: int) -> int:
    depth = 1
    while at < len(line) and depth:
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        at += 1
    return at


def bash_word(value: str) -> str:
    """A value of the mapping form as one bash word that is still evaluated."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    whole = not re.search(r"[\s;&|<>()#]", value) and value.count("'") % 2 == 0
    if quoted or whole or re.fullmatch(r"\$\([^()]*\)", value):
        return value
    return '"' + value.replace('"', '\\"') + '"'
