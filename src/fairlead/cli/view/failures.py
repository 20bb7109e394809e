"""What went wrong in a run, each thing once: the same failure in many jobs is one failure."""

import re

from fairlead.model import (
    Attempt,
    Job,
    JobResult,
    Outcome,
    RunResult,
    StepResult,
    TestCase,
    TestReport,
)
from fairlead.model.plan import Value

_ADDRESS = r"\b0x[0-9a-fA-F]{4,}"
_DECIDING = ("setup", "script")


class Failure(Value, frozen=True, kw_only=True):
    """A failing test and the ids of the jobs it fails in, in their order.

    ``new`` is true where an earlier run had it passing or not at all; ``allowed`` where all of
    the jobs may fail.
    """

    case: TestCase
    jobs: tuple[str, ...]
    new: bool = False
    allowed: bool = False


class StepFailure(Value, frozen=True, kw_only=True):
    """A step that did not pass, in the deciding attempt of a job."""

    job: JobResult
    attempt: Attempt
    step: StepResult
    index: int
    allowed: bool = False


class JobFailure(Value, frozen=True, kw_only=True):
    """A job that ended badly outside of any step; its reason says why."""

    job: JobResult
    allowed: bool = False


def planned(result: RunResult) -> dict[str, Job]:
    """The jobs of a run's plan by id."""
    return {job.id: job for job in result.plan.jobs}


def allowed_jobs(result: RunResult) -> frozenset[str]:
    """Ids of the jobs that may fail."""
    return frozenset(job.id for job in result.plan.jobs if job.allow_failure)


def tests_of(result: RunResult) -> TestReport:
    """All tests of a run: those of each job's deciding attempt, in the order of the jobs."""
    return TestReport(cases=tuple(c for job in result.jobs for c in job.report.tests.cases))


def failures_of(result: RunResult) -> tuple[Failure, ...]:
    """The failing tests of a run: those that count first, among these the new ones first."""
    found: dict[tuple[str, str], tuple[TestCase, list[str]]] = {}
    for job in result.jobs:
        for case in job.report.tests.bad:
            # Where an object lies in memory is another in each job.
            message = re.sub(_ADDRESS, "0x", case.message)
            _, jobs = found.setdefault((case.key, message), (case, []))
            if job.job not in jobs:
                jobs.append(job.job)
    allowed, new = allowed_jobs(result), _new(result)
    failures = (
        Failure(
            case=case,
            jobs=tuple(jobs),
            new=any((job, case.key) in new for job in jobs),
            allowed=allowed.issuperset(jobs),
        )
        for case, jobs in found.values()
    )
    return tuple(sorted(failures, key=lambda failure: (failure.allowed, not failure.new)))


def _new(result: RunResult) -> frozenset[tuple[str, str]]:
    news = result.comparison.new_failures if result.comparison else ()
    return frozenset((change.job, change.case.key) for change in news)


def step_failures(result: RunResult) -> tuple[StepFailure, ...]:
    """The failing steps that no failing test explains."""
    allowed = allowed_jobs(result)
    return tuple(
        StepFailure(
            job=job,
            attempt=job.attempts[-1],
            step=step,
            index=index,
            allowed=job.job in allowed,
        )
        for job in result.jobs
        if job.outcome in (Outcome.FAILED, Outcome.ERRORED) and job.attempts
        for index, step in _unexplained(job.attempts[-1])
    )


def _unexplained(attempt: Attempt) -> list[tuple[int, StepResult]]:
    """A single failing step beside failing tests is the one that ran them."""
    failed = failed_steps(attempt)
    return [] if attempt.report.tests.bad and len(failed) == 1 else failed


def failed_steps(attempt: Attempt) -> list[tuple[int, StepResult]]:
    """The steps that decided against a job, with their indexes; of several goes the last."""
    following = [*attempt.steps[1:], None]
    return [
        (index, step)
        for index, (step, later) in enumerate(zip(attempt.steps, following, strict=False))
        if step.phase in _DECIDING
        and step.outcome in (Outcome.FAILED, Outcome.ERRORED)
        and not (later and later.name == step.name and later.attempt > step.attempt)
    ]


def job_failures(result: RunResult) -> tuple[JobFailure, ...]:
    """The jobs that ended badly with neither a failing step nor a failing test to show for it."""
    allowed = allowed_jobs(result)
    return tuple(
        JobFailure(job=job, allowed=job.job in allowed)
        for job in result.jobs
        if job.outcome in (Outcome.FAILED, Outcome.ERRORED)
        and job.reason
        and not (job.attempts and failed_steps(job.attempts[-1]))
        and not job.report.tests.bad
    )
