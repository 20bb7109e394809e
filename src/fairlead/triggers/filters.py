"""Whether a project wants a build of a trigger, and if not, why."""

import re
from collections.abc import Sequence

from fairlead.model import Trigger
from fairlead.model.plan import Value
from fairlead.triggers.pull_request import READY
from fairlead.util.globs import selects

_SKIP = re.compile(
    r"\[(?:(?:skip|no)[ -]ci|ci[ -]skip|skip[ -]fairlead|fairlead[ -]skip)\]", re.IGNORECASE
)
# A trailer stands at the end, after an empty line; GitHub knows it by this name.
_TRAILER = re.compile(r"\n\n(?:[\w-]+:[^\n]*\n)*skip-checks: *true *(?:\n[\w-]+:[^\n]*)*$")
_END = 2000
"""Characters in which trailers are looked for."""
_FILTERED = frozenset({"push", "tag", "pull_request"})
_SHOWN = 3


class Filters(Value, frozen=True, kw_only=True):
    """What a project builds of what happens by itself. Empty globs let everything through.

    ``branches`` holds for pushes and for the targets of pull requests, ``tags`` for tags,
    ``paths`` for what is known to have changed. ``events`` are push, tag and pull_request.
    """

    events: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    drafts: bool = True
    forks: bool = True


def refusal(trigger: Trigger, filters: Filters) -> str:
    """The sentence for which nothing is built; empty where it is.

    What a person or a schedule asked for is neither skipped nor filtered.
    """
    if trigger.event not in _FILTERED:
        return ""
    if said := skip_word(trigger.message) or skip_word(trigger.title):
        return f"the message says {said}"
    return _unwanted_event(trigger, filters) or _unwanted_ref(trigger, filters)


def skip_word(message: str) -> str:
    """The words in a commit's message that ask for no build (``[skip ci]``), or nothing."""
    if found := _SKIP.search(message):
        return found[0]
    return "skip-checks: true" if _TRAILER.search(message[-_END:].rstrip()) else ""


def _unwanted_event(trigger: Trigger, filters: Filters) -> str:
    if filters.events and trigger.event not in filters.events:
        return f"the project builds {_listed(filters.events)}, not {trigger.event}"
    if trigger.draft and not filters.drafts:
        return "the pull request is a draft"
    if trigger.action == READY and filters.drafts:
        return "the pull request was built as a draft, and no commit is new"
    return "" if trigger.trusted or filters.forks else "the pull request comes from a fork"


def _unwanted_ref(trigger: Trigger, filters: Filters) -> str:
    kind, name, globs = ("branch", trigger.branch, filters.branches)
    if trigger.event == "tag":
        kind, name, globs = ("tag", trigger.tag, filters.tags)
    if globs and name is not None and not selects(globs, name):
        return f"{kind} is {name}, not {_listed(globs)}"
    paths, changed = filters.paths, trigger.changed
    if paths and changed is not None and not any(selects(paths, path) for path in changed):
        return f"no changed path is {_listed(paths)}"
    return ""


def _listed(globs: Sequence[str]) -> str:
    more = f" or {len(globs) - _SHOWN} more" if len(globs) > _SHOWN else ""
    return " or ".join(globs[:_SHOWN]) + more
