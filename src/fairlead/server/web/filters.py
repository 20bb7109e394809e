"""Which builds of a project a list shows: told by the address, so that it can be sent to others.

State and branch have indexes. Everything else is looked for among so many builds at a time that
an answer stays quick; the link to older ones looks further.
"""

from urllib.parse import urlencode

import msgspec
from django.db.models import Q
from django.http import QueryDict

from fairlead.server.store.builds import BuildQuerySet
from fairlead.server.store.models import Build, Project, State
from fairlead.server.store.pages import Page, newest

EVENTS = ("push", "tag", "pull_request", "cron", "manual", "api")
COUNT = 30
_SHOWN = (
    "number",
    "state",
    "sentence",
    "reason",
    "message",
    "branch",
    "tag",
    "pull_request",
    "event",
    "commit",
    "author",
    "created",
    "seconds",
)
"""Columns that are read: all that a line shows, without the project, which is known."""

_WINDOW = 2000
_LONGEST = 18
"""Digits of an id: no row has one of more."""


class Chosen(msgspec.Struct, frozen=True):
    """``state`` may also be ``open``, for all without a verdict; ``before`` is a build's id."""

    state: str = ""
    branch: str = ""
    event: str = ""
    words: str = ""
    before: int | None = None

    @property
    def any(self) -> bool:
        """Whether it leaves something out."""
        return bool(self.state or self.branch or self.event or self.words)

    def query(self, before: int | None = None) -> str:
        """The part of an address behind the question mark."""
        pairs = {
            "state": self.state,
            "branch": self.branch,
            "event": self.event,
            "q": self.words,
            "before": before,
        }
        return urlencode({name: value for name, value in pairs.items() if value})


def read_chosen(asked: QueryDict) -> Chosen:
    """What is not known is left out: an address is never wrong."""
    state, event = asked.get("state", ""), asked.get("event", "")
    return Chosen(
        state=state if state in State or state == "open" else "",
        branch=text_of(asked, "branch"),
        event=event if event in EVENTS else "",
        words=text_of(asked, "q"),
        before=number_of(asked, "before"),
    )


def find(project: Project, chosen: Chosen) -> Page[Build]:
    """The newest builds that are wanted, with what a line shows of each."""
    everything = Build.objects.filter(project=project)
    rows = _indexed(everything.only(*_SHOWN), chosen)
    if not (chosen.event or chosen.words):
        return newest(rows, before=chosen.before, count=COUNT)
    below = everything if chosen.before is None else everything.filter(id__lt=chosen.before)
    floor = below.order_by("-id").values_list("id", flat=True)[_WINDOW : _WINDOW + 1].first()
    if floor is not None:
        rows = rows.filter(id__gte=floor)
    page = newest(_searched(rows, chosen), before=chosen.before, count=COUNT)
    return page if page.older is not None else Page(page.items, floor)


def _indexed(rows: BuildQuerySet, chosen: Chosen) -> BuildQuerySet:
    if chosen.state == "open":
        rows = rows.filter(state__in=(State.HELD, State.QUEUED, State.RUNNING))
    elif chosen.state:
        rows = rows.filter(state=chosen.state)
    return rows.filter(branch=chosen.branch) if chosen.branch else rows


def _searched(rows: BuildQuerySet, chosen: Chosen) -> BuildQuerySet:
    if chosen.event:
        rows = rows.filter(event=chosen.event)
    if words := chosen.words:
        wanted = Q(commit__startswith=words.lower())
        for column in ("message", "branch", "tag", "author", "sentence", "reason"):
            wanted |= Q(**{f"{column}__icontains": words})
        if words.isascii() and words.isdecimal() and len(words) < 10:  # noqa: PLR2004
            wanted |= Q(number=int(words))
        rows = rows.filter(wanted)
    return rows


def number_of(asked: QueryDict, name: str) -> int | None:
    """The id or number that is asked for; ``None`` for none, and for what is none."""
    text = asked.get(name, "")
    known = text.isascii() and text.isdecimal() and len(text) <= _LONGEST
    return (int(text) or None) if known else None


def text_of(asked: QueryDict, name: str) -> str:
    """The words that are asked for."""
    # PostgreSQL takes no zero characters.
    return asked.get(name, "").replace("\0", "").strip()[:200]
