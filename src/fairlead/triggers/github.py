"""GitHub's webhooks.

Fields and limits: docs.github.com, "Webhook events and payloads" and "Validating webhook
deliveries". The signature covers the body alone, so nothing is believed of the other headers that
the body does not bear out: the event is a hint which fields to look for, and a delivery is known
again by its body.
"""

from collections.abc import Sequence
from hashlib import sha256

from fairlead.errors import WebhookRefused
from fairlead.triggers import pull_request as pulls
from fairlead.triggers import push
from fairlead.triggers.outcome import Delivery, Outcome
from fairlead.triggers.payload import Number, Payload, decode, tidy
from fairlead.triggers.refs import commit_id
from fairlead.triggers.request import Request, form_payload
from fairlead.triggers.signature import check_hmac

MOST_COMMITS = 2048
"""Commits that a payload lists at most."""
MOST_PATHS = 3000
"""Paths that GitHub lists of a commit at most."""

_SIGNATURE = "X-Hub-Signature-256"
_ACTIONS = {
    "opened": pulls.OPENED,
    "synchronize": pulls.SYNCHRONISED,
    "reopened": pulls.REOPENED,
    "ready_for_review": pulls.READY,
    "closed": pulls.CLOSED,
}


class _Repository(Payload, frozen=True):
    id: Number
    full_name: str


class _Person(Payload, frozen=True):
    login: str = ""


class _Commit(Payload, frozen=True):
    id: str
    message: str | None = None
    added: tuple[str, ...] | None = None
    removed: tuple[str, ...] | None = None
    modified: tuple[str, ...] | None = None


class _Any(Payload, frozen=True):
    repository: _Repository | None = None


class _Push(Payload, frozen=True):
    ref: str
    before: str
    after: str
    repository: _Repository
    forced: bool = False
    commits: tuple[_Commit, ...] | None = None
    head_commit: _Commit | None = None
    sender: _Person | None = None


class _Side(Payload, frozen=True):
    ref: str
    sha: str
    repo: _Repository | None = None


class _Pull(Payload, frozen=True):
    number: Number
    head: _Side
    base: _Side
    title: str | None = None
    draft: bool | None = None


class _PullRequest(Payload, frozen=True):
    action: str
    pull_request: _Pull
    repository: _Repository
    sender: _Person | None = None


def read(request: Request, secrets: Sequence[str], now: float) -> Delivery:  # noqa: ARG001 - GitHub signs no time
    """A delivery of GitHub's. Raises ``WebhookRefused`` and ``WebhookUnreadable``."""
    given = request.header(_SIGNATURE)
    if given and not given.startswith("sha256="):
        raise WebhookRefused(f"{_SIGNATURE} is not a SHA-256 signature")
    check_hmac(secrets, request.body, given.removeprefix("sha256="), _SIGNATURE)
    data = form_payload(request.body) if request.is_form else request.body
    event, delivery = request.label("X-GitHub-Event"), request.label("X-GitHub-Delivery")
    repository, outcome = _outcome(event, data, delivery)
    return Delivery(
        forge="github",
        event=event,
        id=delivery,
        key=sha256(data).hexdigest(),
        repository=repository.full_name if repository else "",
        repository_id=str(repository.id) if repository else "",
        outcome=outcome,
    )


def _outcome(event: str, data: bytes, delivery: str) -> tuple[_Repository | None, Outcome]:
    if event == "push":
        pushed = decode(data, _Push, "push")
        return pushed.repository, _pushed(pushed, delivery)
    if event == "pull_request":
        pull = decode(data, _PullRequest, "pull_request")
        return pull.repository, _pulled(pull, delivery)
    other = decode(data, _Any, event or "webhook")
    if event == "ping":
        return other.repository, Outcome(reason="a ping: the webhook is set up")
    return other.repository, Outcome(reason=f"{event or 'an event without a name'} is not built")


def _pushed(pushed: _Push, delivery: str) -> Outcome:
    head = pushed.head_commit
    return push.outcome(
        push.ref_update(pushed.ref, pushed.before, pushed.after),
        repository=pushed.repository.full_name,
        commit=commit_id(head.id) if head else None,
        message=tidy(head.message) if head else "",
        author=tidy(pushed.sender.login) if pushed.sender else "",
        forced=pushed.forced,
        changed=_changed(pushed),
        delivery=delivery,
    )


def _changed(pushed: _Push) -> tuple[str, ...] | None:
    """The paths that the push touched, or ``None`` where the payload may not list them all.

    A new or forced ref is not what was there plus the listed commits. A commit without paths may
    be a merge whose paths were left out.
    """
    commits = pushed.commits or ()
    if pushed.forced or not pushed.before.strip("0") or not 0 < len(commits) < MOST_COMMITS:
        return None
    paths: set[str] = set()
    for commit in commits:
        listed = (*(commit.added or ()), *(commit.removed or ()), *(commit.modified or ()))
        if not 0 < len(listed) < MOST_PATHS or any("\0" in path for path in listed):
            return None
        paths.update(listed)
    return tuple(sorted(paths))


def _pulled(event: _PullRequest, delivery: str) -> Outcome:
    pull, source = event.pull_request, event.pull_request.head.repo
    return pulls.outcome(
        pulls.PullRequest(
            number=pull.number,
            title=tidy(pull.title),
            draft=bool(pull.draft),
            target_branch=pull.base.ref,
            target_commit=pull.base.sha,
            source=source.full_name if source else "",
            source_branch=pull.head.ref,
            commit=pull.head.sha,
            ref=f"refs/pull/{pull.number}/head",
            trusted=source is not None and source.id == event.repository.id,
        ),
        _ACTIONS.get(event.action, event.action[:50]),
        repository=event.repository.full_name,
        author=tidy(event.sender.login) if event.sender else "",
        delivery=delivery,
    )
