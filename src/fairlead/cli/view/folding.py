"""Closed sections in the logs of CI services, each service with marks of its own."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from fairlead.model import RunResult


class Folding(Protocol):
    """How one service marks what is to be folded, and what else it takes from a log."""

    def fold(self, title: str, lines: Sequence[str]) -> list[str]:
        """``lines`` in a section under ``title``, closed at first."""
        ...

    def guard(self, lines: Sequence[str]) -> list[str]:
        """``lines`` such that nothing in them is taken for a command to the service."""
        ...

    def annotations(self, result: RunResult) -> list[str]:
        """Lines that place failures and violations beside the source, where it can."""
        ...


class GitLabFolding:
    """https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections."""

    def __init__(self) -> None:
        self._count = 0

    def fold(self, title: str, lines: Sequence[str]) -> list[str]:
        """A collapsed section; its name must be unique in the log."""
        self._count += 1
        name, now = f"fairlead_{self._count}", int(time.time())
        start = f"\x1b[0Ksection_start:{now}:{name}[collapsed=true]\r\x1b[0K{title}"
        return [start, *lines, f"\x1b[0Ksection_end:{now}:{name}\r\x1b[0K"]

    def guard(self, lines: Sequence[str]) -> list[str]:
        """Marks begin with an escape, which no cleaned line has."""
        return list(lines)

    def annotations(self, result: RunResult) -> list[str]:
        """None: GitLab reads report files instead."""
        del result
        return []


class TravisFolding:
    """``travis_fold`` marks, as Travis' own ``travis_fold`` function writes them."""

    def __init__(self) -> None:
        self._count = 0

    def fold(self, title: str, lines: Sequence[str]) -> list[str]:
        """A fold with a name of its own."""
        self._count += 1
        name = f"fairlead.{self._count}"
        end = f"travis_fold:end:{name}\r\x1b[0K"
        return [f"travis_fold:start:{name}\r\x1b[0K{title}", *self.guard(lines), end]

    def guard(self, lines: Sequence[str]) -> list[str]:
        """Without the marks of folds that a step made itself."""
        return [re.sub(r"travis_(fold|time):", r"travis-\1:", line) for line in lines]

    def annotations(self, result: RunResult) -> list[str]:
        """None: Travis has no such thing."""
        del result
        return []


def folding_for(environ: Mapping[str, str]) -> Folding | None:
    """The marks of the CI service that ``environ`` speaks of, or ``None``."""
    if environ.get("GITHUB_ACTIONS") == "true":
        from fairlead.cli.view.github import GitHubFolding

        return GitHubFolding()
    if environ.get("GITLAB_CI"):
        return GitLabFolding()
    return TravisFolding() if environ.get("TRAVIS") else None
