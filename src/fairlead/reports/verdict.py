"""The end of a run in one sentence: what is new, where, how long.

``2 new test failures in unit (3.12); coverage of the changed lines 83 % (minimum 90 %) — 48 s``.
The outcome itself stands before the sentence wherever it is shown, so it is not part of it.
"""

import re
from collections.abc import Iterable, Iterator

from fairlead.model import (
    Comparison,
    Job,
    JobResult,
    Outcome,
    RunResult,
    TestOutcome,
    Verdict,
)
from fairlead.reports.names import Names
from fairlead.reports.words import duration, listing, percent, plural

_MOST = 4  # things told before the rest is only counted
_NEARLY = 0.05  # percentage points of coverage that are not worth a word
_EXITED = r"(.+) exited with \d+"  # what the runner says of a step
_BAD = (Outcome.FAILED, Outcome.ERRORED)


def verdict(result: RunResult) -> Verdict:
    """The verdict on a finished run, from its jobs' results and its comparisons."""
    telling = _Telling(result)
    reasons = tuple(telling.reasons())
    if result.outcome is Outcome.CANCELLED:
        parts = [telling.progress(), *reasons]
    elif result.outcome is Outcome.PASSED:
        parts = list(telling.good())
    else:
        parts = list(_shortened(reasons)) or ["no job says why"]
    parts += telling.beside()
    sentence = f"{'; '.join(parts)} — {duration(result.seconds)}"
    return Verdict(outcome=result.outcome, sentence=sentence, reasons=reasons)


def _shortened(reasons: tuple[str, ...]) -> Iterator[str]:
    yield from reasons[:_MOST]
    if len(reasons) > _MOST:
        yield plural(len(reasons) - _MOST, "more reason")


class _Telling:
    """Puts parts of the sentence together for one run."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._planned = {job.id: job for job in result.plan.jobs}
        self._required = [job for job in result.jobs if not self._allowed(job)]
        self._comparison = result.comparison or Comparison()
        self._names = Names(result.plan.jobs)

    def reasons(self) -> Iterator[str]:
        """Why a run did not pass: first what kept it from running, then what its checks found.

        A job that was just named is not named again.
        """
        named = ""
        for where, reason in self._parts():
            if reason.endswith(f" in {where}"):
                yield reason
            else:
                yield reason if where == named else f"{where}: {reason}"
            named = where

    def good(self) -> Iterator[str]:
        """What a run that passed can say of itself."""
        count = sum(len(job.report.tests.cases) for job in self._required)
        passed = [job for job in self._required if job.outcome is Outcome.PASSED]
        jobs = plural(len(passed), "job")
        yield f"{plural(count, 'test')} in {jobs}" if count else jobs
        skipped = sum(job.report.tests.count(TestOutcome.SKIPPED) for job in self._required)
        if skipped:
            yield f"{plural(skipped, 'test')} skipped"
        if self._comparison.fixed:
            fixed = {change.case.key for change in self._comparison.fixed}
            yield f"{plural(len(fixed), 'test')} fixed"
        yield from _measured(self._result, self._comparison)

    def progress(self) -> str:
        """How far a cancelled run had come."""
        ended = [job for job in self._result.jobs if job.outcome is not Outcome.CANCELLED]
        total = max(len(self._result.plan.jobs), len(self._result.jobs))
        return f"{len(ended)} of {plural(total, 'job')} had ended"

    def beside(self) -> Iterator[str]:
        """What does not decide but must be said: allowed failures, and what did not run."""
        allowed = [job for job in self._result.jobs if self._allowed(job) and job.outcome in _BAD]
        if allowed:
            where = self._names.listed(job.job for job in allowed)
            yield f"{plural(len(allowed), 'allowed failure')}: {where}"
        stopped = [job.job for job in self._result.jobs if job.outcome is Outcome.CANCELLED]
        if stopped and self._result.outcome is not Outcome.CANCELLED:
            yield f"{plural(len(stopped), 'job')} cancelled: {self._names.listed(stopped)}"
        if keyword := self._result.plan.keyword:
            yield f"only tests that match {keyword!r}"
        skipped = self._result.skipped
        if skipped:
            names = listing(list(dict.fromkeys(each.job for each in skipped)))
            yield f"{plural(len(skipped), 'job')} skipped: {names}"

    def _allowed(self, job: JobResult) -> bool:
        planned: Job | None = self._planned.get(job.job)
        return planned is not None and planned.allow_failure

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Jobs, in words, and what is to be said of them."""
        errored = [job for job in self._required if job.outcome is Outcome.ERRORED]
        yield from self._grouped((job, _first_line(job.reason)) for job in errored)
        yield from self._tests()
        failed = [job for job in self._required if job.outcome is Outcome.FAILED]
        yield from self._grouped((job, why) for job in failed for why in self._why(job))

    def _tests(self) -> Iterator[tuple[str, str]]:
        """Failing tests, each counted once however many jobs it fails in."""
        new = {(change.job, change.case.key) for change in self._comparison.new_failures}
        still = {(change.job, change.case.key) for change in self._comparison.still_failing}
        found: dict[str, list[tuple[str, str]]] = {"new": [], "still": [], "": []}
        for job in self._required:
            for case in job.report.tests.bad if job.outcome in _BAD else ():
                place = (job.job, case.key)
                found["new" if place in new else "still" if place in still else ""].append(place)
        for kind, places in found.items():
            if places:
                where = self._names.listed(job for job, _ in places)
                yield where, f"{_failures(kind, len({key for _, key in places}))} in {where}"

    def _why(self, job: JobResult) -> Iterator[str]:
        """A failed job's reasons, each in words of what its step found where that is known."""
        planned = self._planned.get(job.job)
        tools = {step.name: step.tool for step in planned.steps} if planned else {}
        # A command may hold what separates reasons.
        whole = re.fullmatch(_EXITED, job.reason) is not None
        for reason in filter(None, [job.reason] if whole else job.reason.split("; ")):
            step = re.fullmatch(_EXITED, reason)
            tool = tools.get(step[1], "") if step else ""
            counted = self._counted(job, tool)
            if step and counted:
                yield counted
            elif not step or tool or not job.report.tests.bad:
                yield _first_line(reason)

    def _counted(self, job: JobResult, tool: str) -> str:
        """``2 new ruff violations of 14``; empty where the tool found nothing."""
        items = [item for part in job.report.violations if part.tool == tool for item in part.items]
        news = {item.fingerprint for item in self._comparison.new_violations}
        new = sum(item.fingerprint in news for item in items)
        if not items:
            return ""
        if 0 < new < len(items):
            return f"{plural(new, f'new {tool} violation')} of {len(items):,}"
        return plural(len(items), f"{'new ' if new else ''}{tool} violation")

    def _grouped(self, found: Iterable[tuple[JobResult, str]]) -> Iterator[tuple[str, str]]:
        """All jobs of one reason at once."""
        jobs: dict[str, list[str]] = {}
        for job, reason in found:
            jobs.setdefault(reason or f"{job.outcome} without a reason", []).append(job.job)
        for reason, names in jobs.items():
            yield self._names.listed(names), reason


def _failures(kind: str, count: int) -> str:
    if kind == "still":
        return f"{plural(count, 'test')} still failing"
    return plural(count, f"{kind} test failure".strip())


def _first_line(reason: str) -> str:
    return reason.strip().partition("\n")[0].strip().rstrip(".;")


def _measured(result: RunResult, comparison: Comparison) -> Iterator[str]:
    """Coverage and scores, with their differences."""
    coverage = result.report.coverage
    if coverage and coverage.total:
        before = comparison.coverage_before
        now = comparison.coverage if comparison.coverage is not None else coverage.percent
        moved = before is not None and abs(now - before) >= _NEARLY
        yield f"coverage {percent(coverage.percent)}" + (
            f" ({now - before:+.1f})" if moved and before is not None else ""
        )
    known = {tool: (before, now) for tool, before, now in comparison.scores}
    for part in result.report.violations:
        if part.score is not None:
            yield f"{part.tool} {score(part.score, known.get(part.tool))}"


def score(now: float, known: tuple[float, float] | None) -> str:
    """``8.75/10, previous 8.50, +0.25``; ``known`` is the score before and now."""
    if known is None:
        return f"{now:.2f}/10"
    return f"{known[1]:.2f}/10, previous {known[0]:.2f}, {known[1] - known[0]:+.2f}"
