"""Gitea's and Forgejo's webhooks.

Fields: docs.gitea.com and forgejo.org/docs, "Webhooks". The signature covers the body alone, as
GitHub's does. At most a few commits of a push are listed and forced pushes are not told from
others, so the paths in a payload may not be all that changed.
"""

import re
from collections.abc import Sequence
from hashlib import sha256

from fairlead.errors import WebhookUnreadable
from fairlead.triggers import pull_request as pulls
from fairlead.triggers import push
from fairlead.triggers.outcome import Delivery, Ended, Outcome
from fairlead.triggers.payload import Number, Payload, decode, first_of, tidy
from fairlead.triggers.refs import check_name, commit_id
from fairlead.triggers.request import Request
from fairlead.triggers.signature import check_hmac

_SIGNATURES = ("X-Forgejo-Signature", "X-Gitea-Signature")
_ACTIONS = {
    "opened": pulls.OPENED,
    "synchronized": pulls.SYNCHRONISED,
    "reopened": pulls.REOPENED,
    "closed": pulls.CLOSED,
}
_DRAFT = re.compile(r"\s*(?:WIP:|\[WIP\])", re.IGNORECASE)
"""How titles of drafts begin, where an administrator has not chosen other words."""


class _Repository(Payload, frozen=True):
    id: Number
    full_name: str


class _Person(Payload, frozen=True):
    login: str | None = None
    username: str | None = None


class _Commit(Payload, frozen=True):
    id: str
    message: str | None = None


class _Any(Payload, frozen=True):
    repository: _Repository | None = None


class _Push(Payload, frozen=True):
    ref: str
    before: str
    after: str
    repository: _Repository
    commits: tuple[_Commit, ...] | None = None
    head_commit: _Commit | None = None
    sender: _Person | None = None


class _Delete(Payload, frozen=True):
    ref: str
    ref_type: str
    repository: _Repository


class _Side(Payload, frozen=True):
    ref: str
    sha: str | None = None
    repo_id: int | None = None
    repo: _Repository | None = None


class _Pull(Payload, frozen=True):
    head: _Side
    base: _Side
    title: str | None = None
    draft: bool | None = None


class _Before(Payload, frozen=True, rename={"text": "from"}):
    text: str | None = None


class _Changes(Payload, frozen=True):
    title: _Before | None = None


class _PullRequest(Payload, frozen=True):
    action: str
    number: Number
    pull_request: _Pull
    repository: _Repository
    changes: _Changes | None = None
    sender: _Person | None = None


def read(request: Request, secrets: Sequence[str], now: float) -> Delivery:  # noqa: ARG001 - they sign no time
    """A delivery of Gitea's or Forgejo's. Raises ``WebhookRefused`` and ``WebhookUnreadable``."""
    if request.is_form:
        raise WebhookUnreadable(
            "the delivery is a form", hint="choose application/json in the webhook's settings"
        )
    _prove(request, secrets)
    event = request.label("X-Forgejo-Event") or request.label("X-Gitea-Event")
    delivery = request.label("X-Forgejo-Delivery") or request.label("X-Gitea-Delivery")
    repository, outcome = _outcome(event, request.body, delivery)
    return Delivery(
        forge="gitea",
        event=event,
        id=delivery,
        key=sha256(request.body).hexdigest(),
        repository=repository.full_name if repository else "",
        repository_id=str(repository.id) if repository else "",
        outcome=outcome,
    )


def _prove(request: Request, secrets: Sequence[str]) -> None:
    """Every signature that came must fit: a wrong one is not made good by another."""
    given = [(name, request.header(name)) for name in _SIGNATURES]
    for name, value in [(n, v) for n, v in given if v] or [given[-1]]:
        check_hmac(secrets, request.body, value, name)


def _outcome(event: str, data: bytes, delivery: str) -> tuple[_Repository | None, Outcome]:
    if event == "push":
        pushed = decode(data, _Push, "push")
        return pushed.repository, _pushed(pushed, delivery)
    if event == "pull_request":
        pull = decode(data, _PullRequest, "pull_request")
        return pull.repository, _pulled(pull, delivery)
    if event == "delete":
        deleted = decode(data, _Delete, "delete")
        return deleted.repository, _deleted(deleted)
    other = decode(data, _Any, event or "webhook")
    return other.repository, Outcome(reason=f"{event or 'an event without a name'} is not built")


def _pushed(pushed: _Push, delivery: str) -> Outcome:
    head = pushed.head_commit
    listed = [one.message for one in pushed.commits or () if one.id == pushed.after]
    return push.outcome(
        push.ref_update(pushed.ref, pushed.before, pushed.after),
        repository=pushed.repository.full_name,
        commit=commit_id(head.id) if head else None,
        message=first_of((head.message if head else None, *listed)),
        author=_name(pushed.sender),
        delivery=delivery,
    )


def _deleted(deleted: _Delete) -> Outcome:
    """Deleted branches come as this event alone; the name is a short one, or a full one."""
    kind = deleted.ref_type
    if kind not in {"branch", "tag"}:
        raise WebhookUnreadable(f"neither a branch nor a tag was deleted: {kind[:50]!a}")
    short = deleted.ref.removeprefix("refs/heads/" if kind == "branch" else "refs/tags/")
    name = check_name(short, kind)
    return Outcome(ended=Ended(kind=kind, name=name), reason=f"the {kind} {name} was deleted")


def _pulled(event: _PullRequest, delivery: str) -> Outcome:
    pull, head = event.pull_request, event.pull_request.head
    has_branch = not head.ref.startswith("refs/")
    return pulls.outcome(
        pulls.PullRequest(
            number=event.number,
            title=tidy(pull.title),
            draft=_is_draft(pull),
            target_branch=pull.base.ref,
            target_commit=pull.base.sha,
            source=head.repo.full_name if head.repo else "",
            source_branch=head.ref if has_branch else "",
            commit=head.sha or "",
            ref=f"refs/pull/{event.number}/head",
            # One pushed to refs/for/... seems to come from the repository itself, though its
            # author may have no right to push there. It has no branch.
            trusted=has_branch and _id(head) == event.repository.id,
        ),
        _action(event),
        repository=event.repository.full_name,
        author=_name(event.sender),
        delivery=delivery,
    )


def _action(event: _PullRequest) -> str:
    """An edit is the end of a draft where the title says so no longer."""
    before = event.changes.title if event.changes else None
    if event.action == "edited" and before and _DRAFT.match(before.text or ""):
        return event.action if _is_draft(event.pull_request) else pulls.READY
    return _ACTIONS.get(event.action, event.action[:50])


def _is_draft(pull: _Pull) -> bool:
    return bool(pull.draft or _DRAFT.match(pull.title or ""))


def _id(side: _Side) -> int | None:
    """The repository of a side; ``None`` where it is gone, or where two fields disagree."""
    ids = {one for one in (side.repo_id, side.repo.id if side.repo else None) if one is not None}
    return ids.pop() if len(ids) == 1 else None


def _name(person: _Person | None) -> str:
    return first_of((person.login, person.username)) if person else ""
