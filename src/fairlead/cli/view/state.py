"""Where a run stands, folded from its events: what the live view draws."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fairlead.cli.view.tail import Tail
from fairlead.model import (
    Event,
    JobFinished,
    JobStarted,
    Output,
    PhaseFinished,
    Progress,
    RunStarted,
    StepFinished,
    StepStarted,
    TestFinished,
    TestsCollected,
)

WAITING = "waiting"
RUNNING = "running"


class JobState(msgspec.Struct):
    """One job now. ``state`` is waiting, running or an outcome; the counts are its attempt's."""

    id: str
    allowed: bool = False
    state: str = WAITING
    attempt: int = 1
    since: float = 0.0
    seconds: float = 0.0
    doing: str = ""
    collected: int = 0
    tests: int = 0
    failed: int = 0
    reason: str = ""
    reused: int = 0
    tail: Tail | None = None


class RunState:
    """All jobs of a run and its latest failing tests."""

    def __init__(self, expected: Mapping[str, float] | None = None, word: str = "run") -> None:
        self.word = word
        self.expected = dict(expected or {})
        self.number = 0
        self.started = 0.0
        self.jobs: dict[str, JobState] = {}
        self.failures: deque[tuple[str, str]] = deque(maxlen=5)
        self.most_at_once = 1
        self._apply: Mapping[type[Event], Callable[[Any], None]] = {
            Output: self._output,
            TestFinished: self._test,
            RunStarted: self._run_started,
            JobStarted: self._job_started,
            JobFinished: self._job_finished,
            Progress: self._progress,
            PhaseFinished: self._phase,
            StepStarted: self._step_started,
            StepFinished: self._step_finished,
            TestsCollected: self._collected,
        }

    def apply(self, event: Event) -> None:
        """Take one event in."""
        if handler := self._apply.get(type(event)):
            handler(event)

    def in_state(self, *states: str) -> list[JobState]:
        """The jobs in one of ``states``, in the plan's order."""
        return [job for job in self.jobs.values() if job.state in states]

    def left(self, now: float) -> float | None:
        """Seconds until the end, from what each job took last time; ``None`` if unknown.

        The larger of two lower bounds: the longest job left, and all work left shared among as
        many jobs as ever ran at once.
        """
        open_jobs = self.in_state(RUNNING, WAITING)
        if not open_jobs or any(job.id not in self.expected for job in open_jobs):
            return None
        left = [self._left_of(job, now) for job in open_jobs]
        return max(*left, sum(left) / self.most_at_once)

    def _left_of(self, job: JobState, now: float) -> float:
        spent = now - job.since if job.state == RUNNING else 0.0
        return max(self.expected[job.id] - spent, 0.0)

    def _job(self, job: str) -> JobState:
        return self.jobs.setdefault(job, JobState(job))

    def _run_started(self, event: RunStarted) -> None:
        self.number, self.started = event.number, event.time
        for job in event.plan.jobs:
            self.jobs[job.id] = JobState(job.id, allowed=job.allow_failure)

    def _job_started(self, event: JobStarted) -> None:
        before = self._job(event.job)
        self.jobs[event.job] = JobState(
            event.job,
            allowed=before.allowed,
            state=RUNNING,
            attempt=event.attempt,
            since=before.since or event.time,
        )
        self.most_at_once = max(self.most_at_once, len(self.in_state(RUNNING)))

    def _progress(self, event: Progress) -> None:
        self._job(event.job).doing = event.text

    def _phase(self, event: PhaseFinished) -> None:
        self._job(event.job).doing = ""

    def _step_started(self, event: StepStarted) -> None:
        job = self._job(event.job)
        job.doing, job.tail = event.name, Tail()

    def _output(self, event: Output) -> None:
        job = self.jobs.get(event.job)
        if job and job.tail:
            job.tail.add(event.data)

    def _collected(self, event: TestsCollected) -> None:
        self._job(event.job).collected += event.count

    def _test(self, event: TestFinished) -> None:
        job = self._job(event.job)
        job.tests += 1
        if event.case.outcome.bad:
            job.failed += 1
            self.failures.append((event.job, event.case.id or event.case.key))

    def _step_finished(self, event: StepFinished) -> None:
        job = self._job(event.job)
        job.doing = ""
        job.tail = None
        job.reused += event.reused

    def _job_finished(self, event: JobFinished) -> None:
        job = self._job(event.job)
        job.state = WAITING if event.again else str(event.outcome)
        job.seconds, job.reason, job.tail, job.doing = event.seconds, event.reason, None, ""
