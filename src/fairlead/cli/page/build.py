"""Puts the page together. Pure but for its own template, style and script beside this module."""

import base64
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from fairlead.cli.page.environments import environments
from fairlead.cli.page.facts import facts
from fairlead.cli.page.findings import findings
from fairlead.cli.page.grid import make_grid
from fairlead.cli.page.output import visible
from fairlead.cli.page.source import ReadSource, annotate
from fairlead.cli.page.stories import ReadLog, stories
from fairlead.cli.page.times import phases_of, slowest, timelines
from fairlead.cli.view.clean import clean, one_line
from fairlead.cli.view.failures import allowed_jobs, planned
from fairlead.cli.view.summary import notices_of
from fairlead.cli.view.verdict import sentence_of
from fairlead.cli.view.words import counts_of, duration, line_ranges, percent, plural
from fairlead.model import JobResult, Outcome, RunResult
from fairlead.util.digest import sha256

if TYPE_CHECKING:
    from jinja2 import Environment

_ICONS = {
    "passed": "passed",
    "failed": "failed",
    "errored": "errored",
    "cancelled": "cancelled",
    "skipped": "skipped",
    "error": "failed",
    "warning": "errored",
    "note": "skipped",
}


def build_page(result: RunResult, *, read_source: ReadSource, read_log: ReadLog) -> str:
    """The report of a run as HTML, some hundred kilobytes and a few megabytes at most.

    ``read_source`` gives a project file's bytes as they were in the run, ``read_log`` the end of
    what a failing step wrote. What the project wrote appears escaped, whatever it is.
    """
    known: dict[str, bytes | None] = {}

    def read(path: str) -> bytes | None:
        if path not in known:
            known[path] = read_source(path)
        return known[path]

    told, untold = stories(result, read_log)
    found, found_more = findings(result, read)
    coverage = result.report.coverage
    template = _jinja().get_template("template.html")
    page = template.render(
        run=result,
        sentence=sentence_of(result),
        when=_when(result.started),
        subject=one_line(result.trigger.message),
        facts=facts(result),
        grid=make_grid(result),
        jobs=[_job(index, job, result) for index, job in enumerate(result.jobs, 1)],
        stories=told,
        untold=untold,
        slowest=slowest(result),
        coverage=annotate(coverage, result.comparison, read) if coverage else (),
        untested=line_ranges(result.comparison.changed_missing) if result.comparison else (),
        findings=found,
        findings_more=found_more,
        violations=sum(len(group.items) for group in result.report.violations),
        undocumented=(result.report.docs.missing if result.report.docs else ())[:500],
        phases=phases_of(result),
        timelines=timelines(result)[:500],
        notices=notices_of(result),
        environments=environments(result),
        style=_asset("style.css"),
        script=_asset("script.js"),
        script_hash=_hash(_asset("script.js")),
    )
    return page.lstrip()


def _job(index: int, job: JobResult, result: RunResult) -> dict[str, Any]:
    plan = planned(result).get(job.job)
    return {
        "stage": plan.stage if plan else "",
        "anchor": f"job-{index}",
        "result": job,
        "allowed": job.job in allowed_jobs(result) and job.outcome is not Outcome.PASSED,
        "counts": counts_of(job.report.tests),
        "reused": any(step.reused for attempt in job.attempts for step in attempt.steps),
        "dull": job.outcome is Outcome.PASSED and len(job.attempts) < 2 and job.isolated,  # noqa: PLR2004
    }


@cache
def _jinja() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fairlead.cli.page", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text of a project passes here on its way into the page.
        finalize=_finalized,
    )
    environment.filters |= {
        "clean": clean,
        "clock": _clock_time,
        "duration": duration,
        "icon": _ICONS.__getitem__,
        "one_line": one_line,
        "percent": percent,
    }
    environment.globals |= {"plural": plural}
    return environment


def _finalized(value: object) -> object:
    """Text without control characters and lone surrogates; markup has been through that."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(clean(value))
    return value


def _asset(name: str) -> str:
    return resources.files("fairlead.cli.page").joinpath(name).read_text("utf-8")


def _hash(script: str) -> str:
    """The script's hash for the page's own content security policy: nothing else may run."""
    return base64.b64encode(sha256(script.encode()).digest()).decode()


def _when(started: float) -> str:
    moment = datetime.fromtimestamp(started, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC" if started else ""


def _clock_time(seconds: float) -> str:
    return f"{seconds:.1f}"
