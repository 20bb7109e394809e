"""What came from outside to builds: once each, with a row that says what became of it."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from django.db import transaction

from fairlead.errors import FairleadError
from fairlead.model import Trigger
from fairlead.server.services import builds, reviews
from fairlead.server.services.approval import must_wait
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import Build, Delivery, Project, State
from fairlead.triggers.filters import refusal
from fairlead.triggers.outcome import Ended, Outcome
from fairlead.triggers.pull_request import REOPENED
from fairlead.triggers.rules import Rules, read_rules

KEPT_BODY = 1 << 20
"""Bytes of a body that are kept."""

POLL = "poll"
"""The source of what was found by looking at a remote."""

_SHOWN = 3
_WAITING = (State.HELD, State.QUEUED)


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came: from where (``source``), known again by ``key``, with its bytes.

    ``body`` may be shorter than the ``size`` bytes that came. ``replay_of`` is the delivery that
    a person has taken once more.
    """

    source: str
    key: str
    event: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    size: int = 0
    replay_of: Delivery | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one ref: a build, or the reason why there is none. ``ref`` is a full name."""

    ref: str
    build: Build | None = None
    reason: str = ""


def earlier(project: Project, source: str, key: str) -> Delivery | None:
    """The first delivery with this key, where there was one."""
    fates = (Delivery.Fate.BUILT, Delivery.Fate.IGNORED)
    same = Delivery.objects.filter(project=project, source=source, key=key, fate__in=fates)
    return same.filter(replay=False).defer("body", "wanted").order_by("id").first()


def settle(
    project: Project, came: Came, outcomes: Sequence[tuple[str, Outcome]]
) -> tuple[Delivery, list[Accepted]]:
    """Build what the project wants of ``outcomes`` (each with its ref), in one transaction.

    What waits of an ended branch or pull request is cancelled. A delivery that came before makes
    nothing, and is kept with the fate "repeated".
    """
    with transaction.atomic():
        # Held until the end: of two that come at once, the second one sees the first.
        project = Project.objects.select_for_update().get(pk=project.pk)
        if not came.replay_of and (first := earlier(project, came.source, came.key)):
            return repeated(project, came, first), _nothing(outcomes, sent_before(first))
        accepted = _Settling(project, came).all(outcomes)
        return _kept(project, came, outcomes, accepted), accepted


def repeated(project: Project, came: Came, first: Delivery) -> Delivery:
    """Keep that a delivery came again; its body is the first one's."""
    return Delivery.objects.create(
        **_columns(project, msgspec.structs.replace(came, body=b"")),
        fate=Delivery.Fate.REPEATED,
        reason=sent_before(first),
        build_id=first.build_id,
        numbers=first.numbers,
    )


def sent_before(first: Delivery) -> str:
    """Why a repetition builds nothing."""
    return f"it came before, as delivery {first.pk}: replay that one to build it again"


def refused(project: Project, came: Came, reason: str) -> Delivery:
    """Keep a delivery that was not believed or not understood."""
    columns = _columns(project, came)
    return Delivery.objects.create(**columns, fate=Delivery.Fate.REFUSED, reason=clean(reason))


def cancel_ended(project: Project, ended: Iterable[Ended]) -> int:
    """Cancel what waits of branches, tags and pull requests that are over; returns how many."""
    over = {_series(one): _why(one) for one in ended}
    if not over:
        return 0
    waiting = Build.objects.filter(project=project, state__in=_WAITING).listed().order_by("id")
    found = [(build, over.get(build.series or f"tag:{build.tag}")) for build in waiting]
    return sum(builds.cancel(build, reason) for build, reason in found if reason)


def _nothing(outcomes: Sequence[tuple[str, Outcome]], reason: str) -> list[Accepted]:
    return [Accepted(ref=ref, reason=reason) for ref, _ in outcomes]


class _Settling:
    """One delivery's outcomes taken against the rules of its project."""

    def __init__(self, project: Project, came: Came) -> None:
        self._project = project
        # Where a remote is looked at and also tells by itself, each push is seen twice.
        self._twice = came.replay_of is None and (came.source == POLL or project.poll_every > 0)
        self._fresh = came.replay_of is None
        self._rules = Rules()
        self._broken = "" if project.enabled else f"project {project.name} is disabled"
        try:
            self._rules = read_rules(project.triggers)
        except FairleadError as error:
            self._broken = self._broken or error.message

    def all(self, outcomes: Sequence[tuple[str, Outcome]]) -> list[Accepted]:
        ended = [one.ended for _, one in outcomes if one.ended]
        cancel_ended(self._project, ended)
        for one in ended:
            if one.kind == "pull_request":
                reviews.close(self._project, one.name)
        return [self._one(ref, outcome) for ref, outcome in outcomes]

    def _one(self, ref: str, outcome: Outcome) -> Accepted:
        trigger = outcome.trigger
        if trigger is None:
            return Accepted(ref=ref, reason=outcome.reason)
        # Nothing else does: what is replayed, or comes late, may be of one that was closed since.
        if trigger.pull_request and trigger.action == REOPENED and self._fresh:
            reviews.reopen(self._project, trigger.pull_request)
        reason = self._broken or refusal(trigger, self._rules) or self._known(trigger)
        if reason:
            return Accepted(ref=ref, reason=reason)
        wish = builds.Wish(held=must_wait(self._project, trigger, self._rules))
        try:
            return Accepted(ref=ref, build=builds.create(self._project, trigger, wish))
        except FairleadError as error:
            return Accepted(ref=ref, reason=error.message)

    def _known(self, trigger: Trigger) -> str:
        """Why not again what was built already, when it was told in another way."""
        if not self._twice or trigger.event not in {"push", "tag"}:
            return ""
        same = Build.objects.filter(project=self._project, event=trigger.event)
        same = same.filter(branch=clean(trigger.branch or "", 255))
        newest = same.filter(tag=clean(trigger.tag or "", 255)).order_by("-id").listed().first()
        if newest is None or newest.commit != trigger.commit:
            return ""
        return f"build {newest.number} is of this commit already"


def _kept(
    project: Project,
    came: Came,
    outcomes: Sequence[tuple[str, Outcome]],
    accepted: Sequence[Accepted],
) -> Delivery:
    made = [one.build for one in accepted if one.build]
    wanted = tuple(outcome.trigger for _, outcome in outcomes if outcome.trigger)
    return Delivery.objects.create(
        **_columns(project, came),
        fate=Delivery.Fate.BUILT if made else Delivery.Fate.IGNORED,
        reason=clean(_reasons(one.reason for one in accepted)),
        build=made[0] if made else None,
        numbers=[build.number for build in made],
        wanted=pack(wanted) if wanted else None,
    )


def _columns(project: Project, came: Came) -> dict[str, object]:
    return {
        "project": project,
        "source": came.source,
        "key": came.key,
        "event": clean(came.event, 60),
        "headers": {clean(name): clean(value) for name, value in came.headers.items()},
        "body": came.body[:KEPT_BODY],
        "size": came.size or len(came.body),
        "replay": came.replay_of is not None,
        "replay_of": came.replay_of,
    }


def _reasons(reasons: Iterable[str]) -> str:
    """Different reasons in order, the first few of them."""
    different = list(dict.fromkeys(filter(None, reasons)))
    more = [f"and {len(different) - _SHOWN:,} more reasons"] if len(different) > _SHOWN else []
    return "; ".join(different[:_SHOWN] + more)


def _series(ended: Ended) -> str:
    kind = {"pull_request": "pull"}.get(ended.kind, ended.kind)
    return clean(f"{kind}:{ended.name}", 300)


def _why(ended: Ended) -> str:
    if ended.kind == "pull_request":
        return f"pull request {ended.name} was closed"
    return f"the {ended.kind} {ended.name} was deleted"
