"""Why a build runs: the outside event, in one form for every source."""

from .plan import Value


class Trigger(Value, frozen=True, kw_only=True):
    """An outside event.

    ``event`` is push, pull_request, tag, cron, manual, api or local. ``commit`` is a full
    object id or ``None`` for a tree that was never committed. ``changed`` lists the paths that
    differ from the base, or is ``None`` where that is unknown (then every path filter holds).
    ``trusted`` is false for a pull request from a fork.
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
