"""The git tag that a release gets, where the project wants one: annotated, at its commit.

The pattern may hold ``{number}``, the release's, and ``{name}``, that of a git flow release or
hotfix. On the branch ``release/1.4`` itself ``{name}`` is ``1.4-rc.1``, ``1.4-rc.2`` ...; on the
commit that merged it, as ``git flow release finish`` does, it is ``1.4``.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fairlead.errors import Conflict, ReleaseFailed
from fairlead.runner.checkout import Source
from fairlead.util.git import git, try_git

_KINDS = ("release", "hotfix")
_MERGED = r"Merge (?:remote-tracking )?branch '(?:[\w.-]+/)??({prefixes})([^']+)'"
_TAG = r"(?!.*(?:\.\.|//|@\{))[A-Za-z0-9][A-Za-z0-9._/+-]*(?<![./])(?<!\.lock)"


class Tagger(msgspec.Struct, frozen=True, kw_only=True):
    """Tags the commit of ``source``; ``branch`` is the one it was taken from, or empty."""

    source: Source
    pattern: str
    branch: str = ""

    def least(self) -> int:
        """The first number that no tag of this pattern says yet: clones count together so."""
        if "{number}" not in self.pattern:
            return 1
        start, _, end = self.pattern.partition("{number}")
        form = re.compile(f"{_any(start)}(\\d{{1,9}}){_any(end)}")
        found = [int(match[1]) for tag in self._tags() if (match := form.fullmatch(tag))]
        return max(found, default=0) + 1

    def name(self, number: int) -> str:
        """What the tag of release ``number`` is called; empty where it is to have none.

        Raises ``ReleaseFailed`` for a pattern that gives no name of a tag.
        """
        if not self.pattern:
            return ""
        flow = ""
        if "{name}" in self.pattern and not (flow := self._flow()):
            return ""
        name = self.pattern.replace("{number}", str(number)).replace("{name}", flow)
        if not re.fullmatch(_TAG, name):
            raise ReleaseFailed(f"{name!r}, which release: tag comes to, cannot be a git tag")
        return name

    def make(self, name: str, message: str, by: str) -> None:
        """Make an annotated tag; nothing where it is at this commit already.

        Raises ``Conflict`` where it is at another one.
        """
        folder, commit = self._folder, self._commit
        there = try_git("rev-parse", "-q", "--verify", f"refs/tags/{name}^{{commit}}", cwd=folder)
        if there.code == 0:
            if there.text.strip() != commit:
                raise Conflict(
                    f"the tag {name} is at {there.text[:10]}, not at {commit[:10]}",
                    hint="remove it, or change release: tag",
                )
            return
        known = try_git("var", "GIT_COMMITTER_IDENT", cwd=folder)
        who = {"GIT_COMMITTER_NAME": by or "fairlead", "GIT_COMMITTER_EMAIL": "fairlead@localhost"}
        args = ("tag", "-a", "--no-sign", "-m", message, name, commit)
        git(*args, cwd=folder, env=who if known.code else None)

    def _flow(self) -> str:
        """The name of the git flow release or hotfix this commit belongs to, or nothing."""
        prefixes = self._prefixes()
        for prefix in prefixes:
            if self.branch.startswith(prefix):
                return self._candidate(self.branch.removeprefix(prefix))
        message = self.source.commit.message if self.source.commit else ""
        form = _MERGED.format(prefixes="|".join(re.escape(prefix) for prefix in prefixes))
        merged = re.match(form, message)
        return merged[2] if merged else ""

    def _candidate(self, name: str) -> str:
        """``1.4-rc.3`` after the second; the one this commit has already where it has one."""
        start, _, end = self.pattern.replace("{number}", "{name}").partition("{name}")
        form = re.compile(f"{_any(start)}{re.escape(name)}-rc\\.(\\d{{1,9}}){_any(end)}")
        here = self._tags("--points-at", self._commit)
        for tags in (here, self._tags()):
            numbers = [int(match[1]) for tag in tags if (match := form.fullmatch(tag))]
            if numbers:
                return f"{name}-rc.{max(numbers) + (tags is not here)}"
        return f"{name}-rc.1"

    def _prefixes(self) -> tuple[str, ...]:
        """What names of release and hotfix branches begin with, as git flow was told."""
        said = (
            try_git("config", "--get", f"gitflow.prefix.{kind}", cwd=self._folder).text.strip()
            for kind in _KINDS
        )
        return tuple(text or f"{kind}/" for kind, text in zip(_KINDS, said, strict=True))

    def _tags(self, *args: str) -> Sequence[str]:
        return git("tag", "--list", *args, cwd=self._folder).decode("utf-8", "replace").split()

    @property
    def _commit(self) -> str:
        return self.source.commit.id if self.source.commit else ""

    @property
    def _folder(self) -> Path:
        if self.source.repository is None:
            raise ReleaseFailed("only a git repository can be tagged")
        return self.source.repository.folder


def _any(text: str) -> str:
    """A part of a pattern as an expression; other placeholders in it stand for anything."""
    parts = re.split(r"(?:\{number\}|\{name\})", text)
    return ".+".join(re.escape(part) for part in parts)
