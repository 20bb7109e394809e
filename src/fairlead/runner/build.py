"""A plan to its end: jobs side by side, in the order their needs allow, whatever happens."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import (
    Event,
    Job,
    JobFinished,
    JobResult,
    Outcome,
    Plan,
)
from fairlead.runner.cancel import Cancel
from fairlead.runner.schedule import Schedule

RunJob = Callable[[Job, Cancel], JobResult]


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan's jobs are carried out: ``run`` is called in up to ``count`` threads."""

    run: RunJob
    count: int
    emit: Callable[[Event], None]


def run_jobs(
    plan: Plan, workers: Workers, cancel: Cancel, expected: Mapping[str, float] | None = None
) -> tuple[JobResult, ...]:
    """Run all jobs and return their results in the order of the plan.

    ``expected`` are seconds by job id, for the order of starting. When ``cancel`` is thrown
    running jobs are ended and waiting ones are not begun; they have results all the same.
    """
    return _Build(plan, workers, cancel, expected or {}).run()


class _Build:
    def __init__(
        self, plan: Plan, workers: Workers, cancel: Cancel, expected: Mapping[str, float]
    ) -> None:
        self._plan = plan
        self._workers = workers
        self._cancel = cancel
        self._schedule = Schedule(plan, expected)
        self._changed = threading.Condition()
        self._results: dict[str, JobResult] = {}
        self._switches: dict[str, Cancel] = {}
        self._threads: list[threading.Thread] = []

    def run(self) -> tuple[JobResult, ...]:
        with self._changed:
            while True:
                self._give_up_what_must_be()
                if self._schedule.done:
                    break
                if not self._start_one():
                    # A cancel comes from a signal handler, which cannot notify: look anew.
                    self._changed.wait(0.2)
        for thread in self._threads:
            thread.join()
        return tuple(self._results[job.id] for job in self._plan.jobs)

    def _start_one(self) -> bool:
        if len(self._switches) >= self._workers.count:
            return False
        job = self._schedule.take()
        if job is None:
            return False
        self._switches[job.id] = self._cancel.child()
        thread = threading.Thread(target=self._work, args=(job,), name=f"job {job.id}")
        self._threads.append(thread)
        thread.start()
        return True

    def _work(self, job: Job) -> None:
        # The switch stays open until the run is over: a child may still be polled.
        try:
            result = self._workers.run(job, self._switches[job.id])
        except Exception as error:  # noqa: BLE001 — a job without a result would be waited for
            result = self._broken(job, error)
        with self._changed:
            self._results[job.id] = result
            self._schedule.finish(job.id, result.outcome)
            del self._switches[job.id]
            self._changed.notify_all()

    def _broken(self, job: Job, error: Exception) -> JobResult:
        ours = isinstance(error, FairleadError)
        reason = str(error) if ours else f"internal error: {type(error).__name__}: {error}"
        result = JobResult(job=job.id, outcome=Outcome.ERRORED, reason=reason)
        with suppress(Exception):  # telling may be what broke
            self._tell(result)
        return result

    def _give_up_what_must_be(self) -> None:
        reason = self._cancel.reason or self._schedule.must_stop
        if reason:
            self._stop_all(reason)
        elif self._plan.fast_finish and self._schedule.decided:
            self._stop_all("not waited for: the verdict is known (fast_finish)")
        for job, why in self._schedule.drop():
            self._not_run(job, why)

    def _stop_all(self, reason: str) -> None:
        for job in self._schedule.drop_all():
            self._not_run(job, reason)
        for switch in self._switches.values():
            switch.throw(reason)

    def _not_run(self, job: Job, reason: str) -> None:
        result = JobResult(job=job.id, outcome=Outcome.CANCELLED, reason=reason)
        self._results[job.id] = result
        self._tell(result)

    def _tell(self, result: JobResult) -> None:
        """That a job is over which had no attempt."""
        self._workers.emit(
            JobFinished(
                time=time.time(),
                job=result.job,
                attempt=0,
                outcome=result.outcome,
                seconds=0.0,
                reason=result.reason,
                result=result,
            )
        )


def worst(plan: Plan, results: tuple[JobResult, ...]) -> Outcome:
    """The outcome of a run: the worst of its required jobs.

    A cancelled job counts when nothing failed or errored, since that is why it was cancelled.
    """
    allowed = {job.id for job in plan.jobs if job.allow_failure}
    outcomes = {result.outcome for result in results if result.job not in allowed}
    for outcome in (Outcome.ERRORED, Outcome.FAILED, Outcome.CANCELLED):
        if outcome in outcomes:
            return outcome
    return Outcome.PASSED
