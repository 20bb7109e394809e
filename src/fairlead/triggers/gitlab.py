"""GitLab's webhooks.

Fields, limits and headers: docs.gitlab.com, "Webhook events" and "Webhooks" (signing tokens since
GitLab 19.0, as Standard Webhooks). What kind of event it is, the body says. A payload does not
tell forced pushes from others, so the paths it lists may not be all that changed.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from fairlead.triggers import pull_request as pulls
from fairlead.triggers import push
from fairlead.triggers.outcome import Delivery, Outcome
from fairlead.triggers.payload import Number, Payload, decode, first_of, tidy
from fairlead.triggers.refs import commit_id
from fairlead.triggers.request import Request
from fairlead.triggers.signature import check_standard, check_token, is_signing

_ACTIONS = {
    "open": pulls.OPENED,
    "reopen": pulls.REOPENED,
    "close": pulls.CLOSED,
    "merge": pulls.CLOSED,
}


class _Project(Payload, frozen=True):
    path_with_namespace: str
    id: Number | None = None


class _Commit(Payload, frozen=True):
    id: str
    message: str | None = None


class _Any(Payload, frozen=True):
    object_kind: str
    project: _Project | None = None


class _Push(Payload, frozen=True):
    ref: str
    before: str
    after: str
    project: _Project
    checkout_sha: str | None = None
    message: str | None = None
    commits: tuple[_Commit, ...] | None = None
    user_username: str | None = None
    user_name: str | None = None


class _Person(Payload, frozen=True):
    username: str | None = None


class _Source(Payload, frozen=True):
    path_with_namespace: str = ""


class _Merge(Payload, frozen=True):
    iid: Number
    source_branch: str
    target_branch: str
    target_project_id: Number
    source_project_id: Number | None = None
    source: _Source | None = None
    last_commit: _Commit | None = None
    title: str | None = None
    draft: bool | None = None
    work_in_progress: bool | None = None
    action: str | None = None
    oldrev: str | None = None


class _Change(Payload, frozen=True):
    previous: Any = None
    current: Any = None


class _Changes(Payload, frozen=True):
    draft: _Change | None = None


class _MergeRequest(Payload, frozen=True):
    project: _Project
    object_attributes: _Merge
    changes: _Changes | None = None
    user: _Person | None = None


def read(request: Request, secrets: Sequence[str], now: float) -> Delivery:
    """A delivery of GitLab's. Raises ``WebhookRefused`` and ``WebhookUnreadable``.

    ``secrets`` that begin with ``whsec_`` are signing tokens, others are secret tokens.
    """
    key = _proved(request, secrets, now)
    kind = decode(request.body, _Any, "webhook")
    delivery = request.label("Idempotency-Key") or request.label("X-Gitlab-Event-UUID")
    return Delivery(
        forge="gitlab",
        event=tidy(kind.object_kind)[:100],
        id=delivery,
        key=key,
        repository=kind.project.path_with_namespace if kind.project else "",
        repository_id=str(kind.project.id or "") if kind.project else "",
        outcome=_outcome(kind.object_kind, request.body, delivery),
    )


def _proved(request: Request, secrets: Sequence[str], now: float) -> str:
    """The key of a delivery that is what it says.

    A signed one is known again by its signed id. Whoever has the secret token can write anything,
    so there id and body together tell repetitions from pushes that look the same.
    """
    given, name = request.header("webhook-signature"), request.header("webhook-id")
    if any(map(is_signing, secrets)) and (given or all(map(is_signing, filter(None, secrets)))):
        sent = request.header("webhook-timestamp")
        check_standard(secrets, request.body, name=name, sent=sent, given=given, now=now)
        return sha256(b"signed " + name.encode("utf-8", "surrogatepass")).hexdigest()
    check_token(secrets, request.header("X-Gitlab-Token"), "X-Gitlab-Token")
    label = request.label("Idempotency-Key") or request.label("X-Gitlab-Event-UUID")
    return sha256(b"token " + label.encode() + b" " + request.body).hexdigest()


def _outcome(kind: str, data: bytes, delivery: str) -> Outcome:
    if kind in {"push", "tag_push"}:
        return _pushed(decode(data, _Push, kind), delivery)
    if kind == "merge_request":
        return _merged(decode(data, _MergeRequest, kind), delivery)
    return Outcome(reason=f"{tidy(kind)[:100]} is not built")


def _pushed(pushed: _Push, delivery: str) -> Outcome:
    commit = commit_id(pushed.checkout_sha) if pushed.checkout_sha else None
    messages = [one.message for one in pushed.commits or () if one.id == (commit or pushed.after)]
    return push.outcome(
        push.ref_update(pushed.ref, pushed.before, pushed.after),
        repository=pushed.project.path_with_namespace,
        commit=commit,
        message=first_of(messages),
        author=first_of((pushed.user_username, pushed.user_name)),
        delivery=delivery,
    )


def _merged(event: _MergeRequest, delivery: str) -> Outcome:
    merge, head = event.object_attributes, event.object_attributes.last_commit
    action = _action(event)
    if head is None and action != pulls.CLOSED:
        return Outcome(reason=f"merge request {merge.iid} has no commits")
    return pulls.outcome(
        pulls.PullRequest(
            number=merge.iid,
            title=tidy(merge.title),
            draft=bool(merge.draft or merge.work_in_progress),
            target_branch=merge.target_branch,
            target_commit=None,
            source=merge.source.path_with_namespace if merge.source else "",
            source_branch=merge.source_branch,
            commit=head.id if head else "",
            ref=f"refs/merge-requests/{merge.iid}/head",
            trusted=merge.source_project_id == merge.target_project_id,
            message=tidy(head.message) if head else "",
        ),
        action,
        repository=event.project.path_with_namespace,
        author=first_of((event.user.username,)) if event.user else "",
        delivery=delivery,
    )


def _action(event: _MergeRequest) -> str:
    """An update is new commits where ``oldrev`` says so, the end of a draft, or only words."""
    action = event.object_attributes.action or ""
    if action != "update":
        return _ACTIONS.get(action, action[:50])
    if event.object_attributes.oldrev:
        return pulls.SYNCHRONISED
    draft = event.changes.draft if event.changes else None
    return pulls.READY if draft and draft.previous is True and not draft.current else action
