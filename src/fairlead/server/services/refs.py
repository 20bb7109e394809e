"""Names that a person gives to the commit they stand for, in a project's repository."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import msgspec

from fairlead.errors import UsageError
from fairlead.server.configuration import Configuration
from fairlead.server.store.models import Project
from fairlead.triggers.refs import check_name

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_ABBREVIATED = re.compile(r"[0-9a-f]{7,64}")
_WHOLE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 20_000
"""Characters of a message that are kept, as in a build's row."""
_COMPARED = 5000
"""Names that are compared with one that is not there."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, with the full name of the ref that it was found on."""

    commit: str
    ref: str
    message: str
    author: str


def resolve(
    told: Configuration, project: Project, *, branch: str = "", tag: str = "", commit: str = ""
) -> Found:
    """The newest commit of a branch or tag, or ``commit`` itself, abbreviated or not.

    Without any it is the default branch's; a commit with a branch or tag must be on that one, and
    alone on any: what strangers proposed is none of the project's. A mirror is first brought up
    to date. Raises ``UsageError`` for what is not there, with names that are alike, and
    ``FairleadError`` where the repository or its remote cannot be reached.
    """
    if branch and tag:
        raise UsageError("a branch and a tag are named", hint="name one of them")
    path = _repository(told, project)
    ref = _TAGS + check_name(tag, "tag") if tag else ""
    if not ref and (branch or not commit):
        ref = _HEADS + check_name(branch or project.default_branch, "branch")
    if ref:
        tip = _found(path, ref, ref) or _unknown(path, project, ref)
        if not commit:
            return tip
    identity = _identity(path, project, commit)
    holding = _holding(path, project, identity, ref)
    if (found := _found(path, identity, holding)) is None:
        raise UsageError(f"{project.name} has no commit {identity} any more")
    return found


def _repository(told: Configuration, project: Project) -> Path:
    from fairlead.server.hosting import mirrors, repositories

    if project.kind == Project.Kind.MIRRORED:
        mirrors.refresh(told, project.name, project.url)
    return repositories.existing(told, project.name)


def _commit(path: Path, name: str) -> str:
    """The commit that a full ref or object id stands for, empty for none."""
    from fairlead.server.hosting.commands import try_git

    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    done = try_git(*words, repository=path)
    return "" if done.code else done.stdout.decode("ascii", "replace").strip()


def _identity(path: Path, project: Project, commit: str) -> str:
    text = commit.strip().lower()
    if not _ABBREVIATED.fullmatch(text):
        hint = "7 to 64 hexadecimal digits, or name a branch or a tag"
        raise UsageError(f"not the id of a commit: {commit[:80]!a}", hint=hint)
    found = _commit(path, text)
    # A branch may be called like the beginning of an id.
    if not found.startswith(text):
        raise UsageError(f"{project.name} has no commit {text}, or several that begin so")
    return found


def _holding(path: Path, project: Project, commit: str, ref: str) -> str:
    """The ref that a commit is on: the named one, or the default branch before all others."""
    from fairlead.server.hosting.commands import git

    words = ("for-each-ref", "--format=%(refname)", f"--contains={commit}")
    names = git(*words, ref or _HEADS, *(() if ref else (_TAGS,)), repository=path)
    holding = names.decode("utf-8", "replace").splitlines()
    if not holding:
        where = f"not on {ref.split('/', 2)[2]}" if ref else "on no branch or tag"
        raise UsageError(f"commit {commit[:12]} is {where} of {project.name}")
    default = _HEADS + project.default_branch
    return default if default in holding else holding[0]


def _found(path: Path, name: str, ref: str) -> Found | None:
    """The commit that a full ref or object id stands for, with what git says of it."""
    from fairlead.server.hosting.tips import tip

    try:
        commit, author, message = _told(path, tip(path, name) or name)
    except LookupError:
        return None
    return Found(commit=commit, ref=ref, message=message, author=author)


def _told(path: Path, name: str) -> tuple[str, str, str]:
    """A commit's id, author and message; ``LookupError`` for none. What an id tells stays so."""
    return _remembered(path, name) if _WHOLE.fullmatch(name) else _asked(path, name)


@lru_cache(maxsize=128)
def _remembered(path: Path, identity: str) -> tuple[str, str, str]:
    return _asked(path, identity)


def _asked(path: Path, name: str) -> tuple[str, str, str]:
    from fairlead.server.hosting.commands import try_git

    form = "--format=%H%x00%an%x00%B"
    words = ("log", "-1", "--no-show-signature", "--encoding=UTF-8", form)
    done = try_git(*words, "--end-of-options", f"{name}^{{commit}}", "--", repository=path)
    if done.code:
        raise LookupError(name)
    commit, author, message = done.stdout.decode("utf-8", "replace").split("\0", 2)
    return commit, author, message.strip()[:_LONGEST]


def _unknown(path: Path, project: Project, ref: str) -> NoReturn:
    """Raise ``UsageError`` that names what is alike."""
    kind, name = (
        ("tag", ref[len(_TAGS) :]) if ref.startswith(_TAGS) else ("branch", ref[len(_HEADS) :])
    )
    prefix = _TAGS if kind == "tag" else _HEADS
    known = list(_names(path, prefix))
    hint = _meant(name, kind, known, _names(path, _TAGS if prefix == _HEADS else _HEADS))
    if not known and kind == "branch":
        hint = "nothing was pushed yet"
    raise UsageError(f"{project.name} has no {kind} {name!a}", hint=hint)


def _meant(name: str, kind: str, known: Sequence[str], others: Iterator[str]) -> str:
    if name in others:
        return f"there is a {'branch' if kind == 'tag' else 'tag'} of that name"
    if close := get_close_matches(name, known, 3):
        return f"did you mean {' or '.join(close)}?"
    return ""


def _names(path: Path, prefix: str) -> Iterator[str]:
    from fairlead.server.hosting.commands import git

    words = ("for-each-ref", "--format=%(refname)", f"--count={_COMPARED}", prefix)
    for line in git(*words, repository=path).decode("utf-8", "replace").splitlines():
        yield line.removeprefix(prefix)
