"""Why a build runs: the outside event, in one form for every source."""

from .plan import Pairs, Value


class Trigger(Value, frozen=True, kw_only=True):
    """An outside event.

    ``event`` is push, pull_request, tag, cron, manual, api or local. ``commit`` is a full
    object id or ``None`` for a tree that was never committed. ``base`` is the commit the ref was
    at before, of a pull request the tip of its target. ``changed`` lists the paths that
    differ from the base, or is ``None`` where that is unknown (then every path filter holds).
    ``trusted`` is false for a pull request from a fork.

    ``ref`` is what to fetch for the commit, in full (``refs/pull/3/head``), and ``branch`` of a
    pull request its target. ``forced`` says that the ref did not move forward. ``action`` tells
    what a person did to a pull request: opened, synchronised, reopened or ready. ``parameters``
    are name and value as a person gave them. ``delivery`` is the id that the sender gave.
    """

    event: str = "local"
    repository: str = ""
    branch: str | None = None
    tag: str | None = None
    commit: str | None = None
    base: str | None = None
    message: str = ""
    author: str = ""
    pull_request: str | None = None
    changed: tuple[str, ...] | None = None
    trusted: bool = True
    ref: str = ""
    forced: bool = False
    action: str = ""
    title: str = ""
    draft: bool = False
    source_repository: str = ""
    source_branch: str | None = None
    parameters: Pairs = ()
    delivery: str = ""
