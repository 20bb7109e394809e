"""The step that failed, open at its last lines."""

import re
from collections.abc import Sequence
from html import escape, unescape

import msgspec
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from fairlead.errors import FairleadError
from fairlead.server.logs.blocks import Log, count_lines
from fairlead.server.logs.read import line_start, rendered
from fairlead.server.storage import open_storage
from fairlead.server.store.livelogs import open_log
from fairlead.server.store.models import Attempt, State, Step
from fairlead.server.web.jobs import JobLine
from fairlead.server.web.words import one_line

_LINES = 30
_LONGEST = 1000
_TAG = re.compile(r"<[^>]*>")


class Line(msgspec.Struct, frozen=True):
    """A line of a log; ``html`` is safe."""

    number: int
    html: SafeString


class Failing(msgspec.Struct, frozen=True):
    """The first job that failed; ``step`` is empty where none of its steps did."""

    job: JobLine
    step: str
    code: int | None
    seconds: float
    reason: str
    lines: tuple[Line, ...]
    unread: str = ""


def first_failing(lines: Sequence[JobLine]) -> Failing | None:
    """The failing step of the first of ``lines`` (in the order shown) that failed, if one did."""
    job = next((line for line in lines if line.bad), None)
    attempt = Attempt.objects.filter(job=job.id).order_by("-number").first() if job else None
    if job is None or attempt is None:
        return None
    steps = list(Step.objects.filter(attempt=attempt).order_by("number"))
    bad = [step for step in steps if step.state in (State.FAILED, State.ERRORED)]
    step = bad[0] if bad else steps[-1] if steps else None
    shown, unread = _tail(attempt.pk, step)
    return Failing(
        job,
        one_line(step.name) if step else "",
        step.code if step else None,
        step.seconds if step else 0.0,
        one_line((step.reason if step else "") or attempt.reason or job.reason, 500),
        shown,
        unread,
    )


def _tail(attempt: int, step: Step | None) -> tuple[tuple[Line, ...], str]:
    try:
        log = open_log(attempt, open_storage(settings.FAIRLEAD))
        first, last = _range(log, step)
        first = max(first, last - _LINES + 1)
        return tuple(Line(r.number, _short(r.html)) for r in rendered(log, first, last)), ""
    except FairleadError as error:
        return (), error.message


def _range(log: Log, step: Step | None) -> tuple[int, int]:
    if step is None or not step.length:
        return 1, count_lines(log)
    first = line_start(log, step.offset).number
    return first, line_start(log, step.offset + step.length - 1).number


def _short(html: str) -> SafeString:
    """A line as it is, or its beginning without colours where it is very long."""
    if len(html) > _LONGEST:
        html = escape(unescape(_TAG.sub("", html))[: _LONGEST // 2]) + "…"
    return mark_safe(html)  # noqa: S308 — from logs/render, which escapes what a program wrote
