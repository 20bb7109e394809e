"""What each event of a run changes in the store: events in, changes of rows out."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import singledispatchmethod

import msgspec
from django.utils import timezone

from fairlead.model import Attempt as AttemptResult
from fairlead.model import (
    Event,
    JobFinished,
    JobStarted,
    Notice,
    Output,
    PhaseFinished,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TestCase,
    TestFinished,
    TestsCollected,
)
from fairlead.model import Job as PlannedJob
from fairlead.server.engine.artifacts import ArtifactsKept
from fairlead.server.engine.logsink import Piece
from fairlead.server.engine.outcome import build_columns, job_columns, moment, test_digest
from fairlead.server.engine.tables import ARTIFACT, ATTEMPT, IDS, JOB, STEP, TEST, Changes, Ids
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import State

_NAME = 255
_TEXT = 100_000
_PIECE = 256 << 10


class Going(msgspec.Struct, kw_only=True):
    """An attempt under way: ``size`` of its log in bytes, ``seen`` are digests of its tests.

    ``steps`` holds the id of each step's row and where its log begins.
    """

    id: int
    size: int = 0
    phases: list[tuple[str, float, str]] = []
    steps: dict[int, tuple[int, int]] = {}
    seen: set[int] = set()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What some events come to. It can be stored again where the first try failed.

    ``count`` is how many events they were, ``finished`` are attempts whose logs are whole.
    """

    count: int
    changes: Changes
    pieces: list[Piece]
    finished: list[int]


class Rows:
    """Turns a build's events into changes of its rows. Takes ids, else asks the database nothing.

    ``takeovers`` is how often the build was begun before, which may have left rows. ``now`` is
    the database's time, by which files expire: a worker's clock may be years off.
    """

    def __init__(
        self,
        build_id: int,
        project_id: int,
        *,
        takeovers: int,
        ids: Ids = IDS,
        now: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._build_id = build_id
        self._project_id = project_id
        self._takeovers = takeovers
        self._ids = ids
        self._now = now
        self._reserved: dict[str, list[int]] = {}
        self._jobs: dict[str, int] = {}
        self._attempts: dict[tuple[str, int], Going] = {}
        self._notices: list[str] = []
        self._changes = Changes()
        self._pieces: list[Piece] = []
        self._finished: list[int] = []

    def reserve(self, events: Sequence[Event]) -> None:
        """Take the ids that ``events`` will need. May be called again where that failed."""
        needed = {JOB: 0, ATTEMPT: 0, STEP: 0}
        for event in events:
            if isinstance(event, RunStarted):
                needed[JOB] += len(event.plan.jobs)
            elif isinstance(event, JobStarted):
                needed[ATTEMPT] += 1
            elif isinstance(event, StepStarted):
                needed[STEP] += 1
        for table, count in needed.items():
            free = self._reserved.setdefault(table, [])
            free += self._ids.take(table, max(0, count - len(free)))

    def apply(self, events: Sequence[Event]) -> Batch:
        """The changes of a batch, in order; its ids must have been reserved."""
        self._changes, self._pieces, self._finished = Changes(), [], []
        for event in events:
            _how(type(event))(self, event)
        return Batch(
            count=len(events),
            changes=self._changes,
            pieces=self._pieces,
            finished=self._finished,
        )

    def _next(self, table: str) -> int:
        return self._reserved[table].pop(0)

    @singledispatchmethod
    def _apply(self, event: Event) -> None:
        """Events that are new to this version change nothing."""

    @_apply.register
    def _(self, event: RunStarted) -> None:
        # Nothing of a run that was given up is left beside the one that took over.
        self._changes.wiped = bool(self._takeovers)
        plan = event.plan
        self._notices = self._about_takeovers()
        self._changes.build |= {
            "plan": pack(plan),
            "isolation": clean(event.isolation, 40),
            "notices": list(self._notices),
        }
        for place, job in enumerate(plan.jobs):
            self._jobs[job.id] = self._next(JOB)
            self._changes.insert(JOB, self._jobs[job.id], **_job_row(self._build_id, place, job))

    def _about_takeovers(self) -> list[str]:
        if not self._takeovers:
            return []
        times = "once" if self._takeovers == 1 else f"{self._takeovers} times"
        return [f"begun again {times}, since its worker was lost or stopped"]

    @_apply.register
    def _(self, event: JobStarted) -> None:
        row_id = self._next(ATTEMPT)
        if event.job not in self._jobs:
            return
        when = moment(event.time)
        self._changes.insert(
            ATTEMPT, row_id, job_id=self._jobs[event.job], number=event.attempt, started=when
        )
        self._attempts[event.job, event.attempt] = Going(id=row_id)
        change: dict[str, object] = {"state": State.RUNNING.value, "reason": ""}
        if event.attempt == 1:
            change["started"] = when
        self._job(event.job, change)

    @_apply.register
    def _(self, event: PhaseFinished) -> None:
        if going := self._attempts.get((event.job, event.attempt)):
            going.phases.append((event.phase, event.seconds, clean(event.note)))
            self._changes.update(ATTEMPT, going.id, {"phases": list(going.phases)})

    @_apply.register
    def _(self, event: Progress) -> None:
        self._job(event.job, {"progress": clean(event.text, _TEXT)})

    @_apply.register
    def _(self, event: StepStarted) -> None:
        row_id = self._next(STEP)
        going = self._attempts.get((event.job, event.attempt))
        if not going:
            return
        if known := going.steps.get(event.step):
            again = {"state": State.RUNNING.value, "reason": "", "code": None}
            self._changes.update(STEP, known[0], again)
            return
        going.steps[event.step] = (row_id, going.size)
        self._changes.insert(
            STEP,
            row_id,
            attempt_id=going.id,
            number=event.step,
            name=clean(event.name, _TEXT),
            phase=event.phase,
            started=moment(event.time),
            offset=going.size,
        )

    @_apply.register
    def _(self, event: Output) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if not going or not event.data:
            return
        last = self._pieces[-1] if self._pieces else None
        data = event.data
        if (
            last
            and (last.attempt, last.step) == (going.id, event.step)
            and len(last.data) + len(data) <= _PIECE
        ):
            self._pieces[-1] = msgspec.structs.replace(last, data=last.data + data)
        else:
            piece = Piece(attempt=going.id, step=event.step, start=going.size, data=data)
            self._pieces.append(piece)
        going.size += len(data)

    @_apply.register
    def _(self, event: TestsCollected) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if going and event.step in going.steps:
            self._changes.update(STEP, going.steps[event.step][0], {"expected": event.count})

    @_apply.register
    def _(self, event: TestFinished) -> None:
        if going := self._attempts.get((event.job, event.attempt)):
            self._add_test(going, event.case, event.step)

    @_apply.register
    def _(self, event: StepFinished) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if not going or event.step not in going.steps:
            return
        row_id, offset = going.steps[event.step]
        change = {
            "state": event.outcome.value,
            "code": event.code,
            "seconds": event.seconds,
            "reason": clean(event.reason, _TEXT),
            "reused": event.reused,
            "length": going.size - offset,
        }
        self._changes.update(STEP, row_id, change)

    @_apply.register
    def _(self, event: JobFinished) -> None:
        going = self._attempts.get((event.job, event.attempt))
        when = moment(event.time)
        last = event.result.attempts[-1] if event.result and event.result.attempts else None
        if going:
            self._end_attempt(going, event, last)
        if event.again:
            self._job(event.job, {"reason": clean(event.reason, _TEXT)})
            return
        change: dict[str, object] = {
            "state": event.outcome.value,
            "reason": clean(event.reason, _TEXT),
            "progress": "",
            "finished": when,
            "seconds": event.seconds,
        }
        if event.result:
            change |= job_columns(event.result)
        self._job(event.job, change)

    def _end_attempt(self, going: Going, event: JobFinished, last: AttemptResult | None) -> None:
        change = {
            "state": event.outcome.value,
            "reason": clean(event.reason, _TEXT),
            "timed_out": bool(last and last.timed_out),
            "finished": moment(event.time),
            "seconds": last.seconds if last else event.seconds,
            "log_size": going.size,
        }
        self._changes.update(ATTEMPT, going.id, change)
        self._finished.append(going.id)
        for case in last.report.tests.cases if last else ():
            self._add_test(going, case, 0)

    @_apply.register
    def _(self, event: Notice) -> None:
        text = f"{event.job}: {event.text}" if event.job else event.text
        self._notices.append(clean(text, _TEXT))
        self._changes.build["notices"] = list(self._notices)

    @_apply.register
    def _(self, event: ArtifactsKept) -> None:
        now = self._now()
        for file in event.files:
            if file.job in self._jobs:
                self._changes.add(
                    ARTIFACT,
                    job_id=self._jobs[file.job],
                    path=clean(file.path),
                    size=file.size,
                    key=file.key,
                    expires=now + timedelta(days=file.days) if file.days else None,
                )

    @_apply.register
    def _(self, event: RunFinished) -> None:
        notices = (clean(text, _TEXT) for text in event.result.notices)
        self._changes.build |= build_columns(event.result) | {
            "finished": moment(event.time),
            "notices": [*self._about_takeovers(), *notices],
        }

    def _job(self, key: str, change: dict[str, object]) -> None:
        if key in self._jobs:
            self._changes.update(JOB, self._jobs[key], change)

    def _add_test(self, going: Going, case: TestCase, step: int) -> None:
        digest = test_digest(case)
        if digest in going.seen:
            return
        going.seen.add(digest)
        self._changes.add(
            TEST,
            project_id=self._project_id,
            build_id=self._build_id,
            attempt_id=going.id,
            step=step,
            digest=digest,
            suite=clean(case.suite, _TEXT),
            name=clean(case.name, _TEXT),
            node=clean(case.id, _TEXT),
            file=clean(case.file, _TEXT),
            line=max(0, case.line),
            outcome=case.outcome.value,
            seconds=case.seconds,
            message=clean(case.message, _TEXT),
            details=clean(case.details, _TEXT),
            output=clean(case.output, _TEXT),
        )


# Asked itself: the method would be bound and wrapped anew for each event.
_how = Rows.__dict__["_apply"].dispatcher.dispatch


def _job_row(build_id: int, place: int, job: PlannedJob) -> dict[str, object]:
    return {
        "build_id": build_id,
        "key": clean(job.id, _NAME),
        "place": place,
        "name": clean(job.name, _NAME),
        "stage": clean(job.stage, 100),
        "axes": [[clean(name), clean(value)] for name, value in job.axes],
        "needs": [clean(name, _NAME) for name in job.needs],
        "python": clean(job.python or "", 20),
        "allow_failure": job.allow_failure,
    }
