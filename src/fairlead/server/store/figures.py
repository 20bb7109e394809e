"""How deploying goes: how often, how quickly, how often badly, and for how long then.

As DORA has it (https://dora.dev/guides/dora-metrics-four-keys/): of deployments that reached
somebody, those that had to be undone are failures.
"""

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

import msgspec
from django.db.models.functions import Now

from fairlead.server.store.models import Deployment, DeploymentState, Environment

DAYS = 90
_MOST = 1000

_REACHED = (DeploymentState.LIVE, DeploymentState.ROLLED_BACK, DeploymentState.FAILED)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the last ``DAYS``. ``live`` are deployments (no rollbacks) that came to serve.

    ``lead`` is the median of seconds from a commit to its being live, ``failed`` the share in
    percent, ``restored`` the median of seconds from a bad release to a good one. ``None``
    where nothing tells.
    """

    live: int = 0
    per_week: float = 0.0
    lead: float | None = None
    failed: int | None = None
    restored: float | None = None


def figures(environment: Environment) -> Figures:
    """Of one environment; one query."""
    rows = Deployment.objects.filter(
        environment=environment, state__in=_REACHED, finished__gt=Now() - timedelta(days=DAYS)
    )
    columns = ("kind", "state", "started", "switched", "finished", "seconds", "committed")
    return of(list(rows.order_by("-id").only(*columns)[:_MOST])[::-1])


def of(rows: Sequence[Deployment]) -> Figures:
    """Of deployments that reached somebody, the oldest first."""
    came = [row for row in rows if row.kind == "deploy"]
    if not came:
        return Figures()
    live = [row for row in came if row.state == DeploymentState.LIVE]
    bad = [row for row in came if _was_bad(row, rows)]
    leads = [_seconds(row.committed, row.finished) for row in live if row.committed]
    restored = [seconds for row in bad if (seconds := _restored(row, rows)) is not None]
    return Figures(
        live=len(live),
        per_week=len(live) * 7 / _span(rows),
        lead=median(leads) if leads else None,
        failed=len(bad) * 100 // len(came),
        restored=median(restored) if restored else None,
    )


def _was_bad(row: Deployment, rows: Sequence[Deployment]) -> bool:
    """Whether it went back by itself, or a person undid it next."""
    if row.state != DeploymentState.LIVE:
        return True
    following = _after(row, rows)
    return following is not None and following.kind == "rollback"


def _restored(row: Deployment, rows: Sequence[Deployment]) -> float | None:
    since = row.switched or row.started
    if row.state == DeploymentState.ROLLED_BACK:
        return _seconds(since, row.finished)
    good = next((one for one in _later(row, rows) if one.state == DeploymentState.LIVE), None)
    return _seconds(since, good.finished) if good else None


def _after(row: Deployment, rows: Sequence[Deployment]) -> Deployment | None:
    return next(iter(_later(row, rows)), None)


def _later(row: Deployment, rows: Sequence[Deployment]) -> Sequence[Deployment]:
    return rows[rows.index(row) + 1 :]


def _seconds(since: object, until: object) -> float:
    from datetime import datetime

    if isinstance(since, datetime) and isinstance(until, datetime):
        return max(0.0, (until - since).total_seconds())
    return 0.0


def _span(rows: Sequence[Deployment]) -> float:
    """Days that are looked at: since the first deployment, but a week at least."""
    first, last = rows[0].finished, rows[-1].finished
    days = _seconds(first, last) / 86400
    return max(7.0, min(float(DAYS), days))
