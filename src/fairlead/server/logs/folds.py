r"""Marks in a log that begin and end a fold, at the start of a line.

``fairlead_fold:start:NAME`` and ``travis_fold:start:NAME`` (what follows is the title), their
``end``s, GitLab's ``section_start:TIME:NAME`` and GitHub's ``::group::TITLE`` and ``::endgroup::``
(also as ``##[group]``). The first three are written with ``\r`` and ``ESC[0K`` behind them, so
that a terminal shows nothing of them. Travis' ``travis_time`` marks are dropped.
Sources: travis-build's ``travis_fold.bash``; https://docs.gitlab.com/ci/jobs/job_logs/;
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

import re

from fairlead.model import Value

_CLEAR = r"(?:\x1b\[0?K)*"
_NAME = r"([\w.\-]{1,100})"
_MARK = re.compile(
    rf"{_CLEAR}(?:(?:travis|fairlead)_fold:(start|end):{_NAME}"
    rf"|section_(start|end):\d{{1,20}}:{_NAME}(?:\[[\w=,]{{0,100}}\])?"
    rf"|travis_time:(?:start|end):[\w:=,.\-]{{1,200}})(?=[\s\x1b]|$)[ \t]*\r?{_CLEAR}",
    re.ASCII,
)
_GROUP = re.compile(r"[ \t]*(?:::(group|endgroup)::|##\[(group|endgroup)\])")


class Fold(Value, frozen=True, kw_only=True):
    """A fold begins (``begins``) with this line as its title, or ends with it.

    ``name`` holds only letters, digits and ``_.-``; an end without one ends the innermost fold.
    """

    begins: bool
    name: str = ""


def take_folds(text: str) -> tuple[tuple[Fold, ...], str]:
    """The marks that a line begins with, and what is left of it."""
    if "::" not in text and "##[" not in text and "_" not in text:
        return (), text
    if group := _GROUP.match(text):
        begins = (group[1] or group[2]) == "group"
        return (Fold(begins=begins),), text[group.end() :]
    folds: list[Fold] = []
    while mark := _MARK.match(text):
        text = text[mark.end() :]
        if kind := mark[1] or mark[3]:
            folds.append(Fold(begins=kind == "start", name=mark[2] or mark[4]))
    return tuple(folds), text
