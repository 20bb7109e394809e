"""Which job may start now: decided from needs, stages and ends alone, without doing anything."""

from collections.abc import Iterable, Mapping

from fairlead.model import Job, Outcome, Plan


class Schedule:
    """The state of a plan while it runs. Not thread-safe; its owner holds a lock.

    A job may start when all jobs it needs are fine and, unless it has needs, the required jobs
    of all stages before its own are. *Fine* is passed, or ended otherwise where that is allowed.
    A job that needs one of a later stage counts as part of that stage: else the two could wait
    for each other.
    """

    def __init__(self, plan: Plan, expected: Mapping[str, float]) -> None:
        self._jobs = {job.id: job for job in plan.jobs}
        order = {name: place for place, name in enumerate(plan.stages)}
        self._stage = {job.id: order.get(job.stage, len(order)) for job in plan.jobs}
        self._rank: dict[str, int] = {}
        for job in plan.jobs:
            self._rank_of(job.id)
        self._fail_fast = plan.fail_fast
        self._expected = expected
        self._waiting = [job.id for job in plan.jobs]
        self._running: set[str] = set()
        self._ended: dict[str, Outcome] = {}

    @property
    def done(self) -> bool:
        """Whether every job has ended."""
        return not self._waiting and not self._running

    @property
    def decided(self) -> bool:
        """Whether every required job has ended, so that nothing can change the verdict."""
        return all(job.id in self._ended for job in self._jobs.values() if not job.allow_failure)

    def take(self) -> Job | None:
        """A job that may start now, which then counts as running.

        Earlier stages first, then required jobs before allowed failures, then what took longest
        the last time: so the end is not spent waiting for one long job.
        """
        ready = [name for name in self._waiting if self._ready(self._jobs[name])]
        if not ready:
            return None
        chosen = min(ready, key=self._urgency)
        self._waiting.remove(chosen)
        self._running.add(chosen)
        return self._jobs[chosen]

    def finish(self, job: str, outcome: Outcome) -> None:
        """Note how a running job ended."""
        self._running.discard(job)
        self._ended[job] = outcome

    def drop(self) -> tuple[tuple[Job, str], ...]:
        """Jobs that can no longer start, each with the reason; they count as cancelled now.

        Dropping one can doom others, so this is repeated until nothing more falls.
        """
        dropped: list[tuple[Job, str]] = []
        while doomed := [(n, r) for n in self._waiting if (r := self._doom(self._jobs[n]))]:
            for name, reason in doomed:
                self._waiting.remove(name)
                self._ended[name] = Outcome.CANCELLED
                dropped.append((self._jobs[name], reason))
        return tuple(dropped)

    def drop_all(self) -> tuple[Job, ...]:
        """Give up every job that has not started."""
        dropped = tuple(self._jobs[name] for name in self._waiting)
        self._waiting.clear()
        self._ended.update({job.id: Outcome.CANCELLED for job in dropped})
        return dropped

    @property
    def must_stop(self) -> str:
        """With ``fail_fast``: the sentence for which all other jobs are cancelled, or empty."""
        if not self._fail_fast:
            return ""
        bad = next((n for n, o in self._ended.items() if self._spoils(self._jobs[n], o)), None)
        return f"{bad} {self._ended[bad]} (fail_fast)" if bad else ""

    def _rank_of(self, name: str) -> int:
        """The latest stage among a job's own and those of all it needs, directly or not."""
        if name not in self._rank:
            self._rank[name] = self._stage[name]
            needed = [self._rank_of(other) for other in self._jobs[name].needs]
            self._rank[name] = max([self._stage[name], *needed])
        return self._rank[name]

    def _ready(self, job: Job) -> bool:
        return all(name in self._ended for name in self._before(job))

    def _before(self, job: Job) -> Iterable[str]:
        if job.needs:
            return job.needs
        mine = self._stage[job.id]
        return (
            name
            for name, other in self._jobs.items()
            if self._rank[name] < mine and not other.allow_failure
        )

    def _doom(self, job: Job) -> str:
        for name in self._before(job):
            outcome = self._ended.get(name)
            if outcome is None or not self._spoils(self._jobs[name], outcome):
                continue
            if job.needs:
                return f"needs {name}, which {_ended(outcome)}"
            return f"{name} of stage {self._jobs[name].stage} {_ended(outcome)}"
        return ""

    def _spoils(self, job: Job, outcome: Outcome) -> bool:
        return outcome is not Outcome.PASSED and not job.allow_failure

    def _urgency(self, name: str) -> tuple[int, bool, float]:
        job = self._jobs[name]
        return self._stage[name], job.allow_failure, -self._expected.get(name, 0.0)


def _ended(outcome: Outcome) -> str:
    return "was cancelled" if outcome is Outcome.CANCELLED else str(outcome)
