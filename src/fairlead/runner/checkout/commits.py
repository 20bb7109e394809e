"""Commits by their full ids, with the files that planning looks for first, asked of git at once.

What an id stands for never changes, so it is asked once in a process.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from fairlead.errors import RepositoryError
from fairlead.runner.checkout.repository import PIPELINE_FILES, Commit, Repository
from fairlead.util.git import try_git

FIRST = (
    *PIPELINE_FILES, ".travis.yml", ".python-version",
    "pyproject.toml", "setup.cfg", "setup.py", "requirements.txt",
)  # fmt: skip

_FULL_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_HEAD = rb"[0-9a-f]+ (?P<kind>[a-z]+) (?P<size>[0-9]+)"
_LARGEST = 256 << 10


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, and those of the files ``FIRST`` that it has; ``None`` is one it has not."""

    commit: Commit
    files: Mapping[str, bytes | None]


def is_full_id(text: str) -> bool:
    """Whether a commit is named by all of its id."""
    return re.fullmatch(_FULL_ID, text) is not None


def look_up(repository: Repository, commit: str) -> Known | None:
    """The commit with that full id; ``None`` where the repository has none such."""
    try:
        return _ask(repository.common, commit)
    except LookupError:  # which is asked again the next time
        return None


@lru_cache(maxsize=64)
def _ask(folder: Path, commit: str) -> Known:
    objects = _read(folder, [commit, *(f"{commit}:{name}" for name in FIRST)])
    kind, data = objects[0]
    if kind != "commit":
        raise LookupError(commit)
    files = {
        name: data if kind == "blob" else None
        for name, (kind, data) in zip(FIRST, objects[1:], strict=True)
        if len(data) <= _LARGEST
    }
    return Known(commit=_commit(commit, data), files=files)


def _read(folder: Path, names: Sequence[str]) -> list[tuple[str, bytes]]:
    """The kinds and bytes of objects; no kind for those that are not there.

    Reads what git-cat-file(1) calls BATCH OUTPUT.
    """
    asked = "".join(f"{name}\n" for name in names).encode()
    done = try_git("cat-file", "--batch", cwd=folder, data=asked)
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise RepositoryError(f"git cannot read the repository at {folder}: {words}")
    found, rest = [], done.stdout
    for _ in names:
        line, _, rest = rest.partition(b"\n")
        if told := re.fullmatch(_HEAD, line):
            size = int(told["size"])
            found.append((told["kind"].decode(), rest[:size]))
            rest = rest[size + 1 :]
        else:
            found.append(("", b""))
    return found


def _commit(identity: str, data: bytes) -> Commit:
    """A commit object (see git's "commit-object" in its technical documentation) as facts."""
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, value)
    coding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    try:
        text = message.decode(coding, "replace")
    except LookupError:
        text = message.decode("utf-8", "replace")
    author = fields.get(b"author", b"").rpartition(b">")[0].rpartition(b"<")[2]
    return Commit(
        id=identity,
        tree=fields.get(b"tree", b"").decode("ascii", "replace"),
        parent=fields.get(b"parent", b"").decode("ascii", "replace"),
        author=author.decode("utf-8", "replace"),
        message=text.strip(),
    )
