"""Pull and merge requests, in one form for all forges."""

from fairlead.model import Trigger
from fairlead.model.plan import Value
from fairlead.triggers.outcome import Ended, Outcome
from fairlead.triggers.refs import check_name, commit_id

OPENED, SYNCHRONISED, REOPENED, READY = "opened", "synchronised", "reopened", "ready"
"""What a person did that makes a build; ``READY`` is the end of being a draft."""
CLOSED = "closed"

_BUILT = frozenset({OPENED, SYNCHRONISED, REOPENED, READY})


class PullRequest(Value, frozen=True, kw_only=True):
    """What a forge told. ``source`` is the repository it comes from, empty where that is gone.

    ``trusted`` says that only somebody who may push to the repository can have written it.
    ``ref`` is what the target's repository keeps its commits under.
    """

    number: int
    title: str
    draft: bool
    target_branch: str
    target_commit: str | None
    source: str
    source_branch: str
    commit: str
    ref: str
    trusted: bool
    message: str = ""


def outcome(
    pull: PullRequest, action: str, *, repository: str, author: str, delivery: str
) -> Outcome:
    """What comes of ``action``: one of our words, or the forge's for what makes no build."""
    name = f"pull request {pull.number}"
    if action == CLOSED:
        ended = Ended(kind="pull_request", name=str(pull.number))
        return Outcome(ended=ended, reason=f"{name} was closed")
    if action not in _BUILT:
        return Outcome(reason=f"{name}: {action!r} changes nothing that is built")
    return Outcome(
        trigger=Trigger(
            event="pull_request",
            repository=repository,
            branch=check_name(pull.target_branch, "branch"),
            commit=commit_id(pull.commit),
            base=commit_id(pull.target_commit) if pull.target_commit else None,
            message=pull.message,
            author=author,
            pull_request=str(pull.number),
            trusted=pull.trusted,
            ref=pull.ref,
            action=action,
            title=pull.title,
            draft=pull.draft,
            source_repository=pull.source,
            source_branch=check_name(pull.source_branch, "branch") if pull.source_branch else None,
            delivery=delivery,
        )
    )
