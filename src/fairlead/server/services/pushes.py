"""Refs that moved to builds: a push that we received, or what a look at a remote found."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from django.db import transaction

from fairlead.errors import FairleadError
from fairlead.server.services import intake
from fairlead.server.services.intake import Accepted, Came
from fairlead.server.store.models import Build, Project
from fairlead.triggers import push
from fairlead.triggers.filters import refusal
from fairlead.triggers.outcome import Outcome
from fairlead.triggers.push import RefUpdate
from fairlead.triggers.rules import Rules, read_rules

__all__ = ["Accepted", "Build", "CommitFacts", "LookUp", "receive_push"]

_NONE = "0" * 40


class CommitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What only the repository knows of a ref that moved.

    ``commit`` is what an annotated tag stands for. ``changed`` are the paths that differ from
    where the ref was before, ``None`` where that cannot be told; ``forced`` says that the ref did
    not move forward.
    """

    commit: str
    message: str = ""
    author: str = ""
    changed: tuple[str, ...] | None = None
    forced: bool = False


LookUp = Callable[[RefUpdate], CommitFacts]


def receive_push(
    project: Project,
    updates: Sequence[RefUpdate],
    *,
    source: str,
    key: str,
    options: Iterable[str] = (),
    look_up: LookUp,
    also: Callable[[], None] | None = None,
) -> list[Accepted]:
    """Build what the project wants of a push; one answer a ref, in order.

    Everything is stored in one transaction, with a delivery and what ``also`` stores; repositories
    are looked at before it begins. ``key`` is the push's own among all
    of its ``source``: the same one twice makes no second build. ``look_up`` is called only for
    refs that will most likely be built, so at most 20 times; where it raises ``FairleadError``
    that ref is not built, and its sentence is the reason.
    """
    silent = push.wants_no_build(options)
    came = Came(source=source, key=key, event="push", body=_body(updates))
    if intake.earlier(project, source, key) or silent:
        plain = [(one.ref.full, _unwanted(_plain(project, one), silent=silent)) for one in updates]
        return _settled(project, came, plain, also)
    outcomes = _chosen(project, updates)
    outcomes = [
        _looked_up(project, update, look_up) if outcome.trigger else outcome
        for update, outcome in zip(updates, outcomes, strict=True)
    ]
    refs = (update.ref.full for update in updates)
    return _settled(project, came, list(zip(refs, outcomes, strict=True)), also)


def _settled(
    project: Project,
    came: Came,
    outcomes: Sequence[tuple[str, Outcome]],
    also: Callable[[], None] | None,
) -> list[Accepted]:
    with transaction.atomic():
        accepted = intake.settle(project, came, outcomes)[1]
        if also:
            also()
    return accepted


def _chosen(project: Project, updates: Sequence[RefUpdate]) -> list[Outcome]:
    """What may be built as far as names alone tell, not too many at once."""
    try:
        rules = read_rules(project.triggers)
    except FairleadError as error:
        return [_refused(_plain(project, update), error.message) for update in updates]
    wanted = [_filtered(_plain(project, update), rules) for update in updates]
    return list(push.of_many(wanted, default_branch=project.default_branch))


def _filtered(outcome: Outcome, rules: Rules) -> Outcome:
    reason = refusal(outcome.trigger, rules) if outcome.trigger else ""
    return Outcome(reason=reason) if reason else outcome


def _plain(project: Project, update: RefUpdate) -> Outcome:
    return push.outcome(update, repository=project.name)


def _refused(outcome: Outcome, reason: str) -> Outcome:
    return Outcome(reason=reason) if outcome.trigger else outcome


def _unwanted(outcome: Outcome, *, silent: bool) -> Outcome:
    return _refused(outcome, "the push said ci.skip" if silent else "")


def _looked_up(project: Project, update: RefUpdate, look_up: LookUp) -> Outcome:
    try:
        facts = look_up(update)
    except FairleadError as error:
        return Outcome(reason=f"{update.ref.name}: {error.message}")
    return push.outcome(
        update,
        repository=project.name,
        commit=facts.commit,
        message=facts.message,
        author=facts.author,
        forced=facts.forced,
        changed=facts.changed,
    )


def _body(updates: Iterable[RefUpdate]) -> bytes:
    """A push as git tells it to post-receive, a ref a line."""
    lines = (f"{one.before or _NONE} {one.after or _NONE} {one.ref.full}\n" for one in updates)
    return "".join(lines).encode("utf-8", "backslashreplace")
