"""What each event of a run changes in the store.

``Rows`` keeps the ids of rows it made. It is copied before a batch, and the copy is taken only
when the batch was committed, so that a batch can come again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import singledispatchmethod

import msgspec
from django.db.models import Model, QuerySet

from fairlead.model import (
    Event,
    JobFinished,
    JobResult,
    JobStarted,
    Notice,
    Output,
    PhaseFinished,
    Plan,
    Progress,
    Report,
    RunFinished,
    RunResult,
    RunStarted,
    StepFinished,
    StepStarted,
    TestCase,
    TestFinished,
    TestOutcome,
    TestReport,
    TestsCollected,
)
from fairlead.server.engine.artifacts import ArtifactsKept
from fairlead.server.engine.logsink import Piece
from fairlead.server.store.fields import clean, pack
from fairlead.server.store.models import (
    Artifact,
    Attempt,
    Build,
    Job,
    LogChunk,
    State,
    Step,
    Test,
)
from fairlead.util.digest import sha256

_NAME = 255
_TEXT = 100_000
_PIECE = 256 << 10


class Going(msgspec.Struct, kw_only=True):
    """An attempt under way: ``size`` of its log in bytes, ``seen`` are digests of its tests."""

    id: int
    size: int = 0
    phases: list[tuple[str, float, str]] = []
    steps: dict[int, int] = {}
    seen: set[int] = set()


class Rows:
    """Applies events to one build's rows, inside the caller's transaction.

    ``takeovers`` is how often the build was begun before, which may have left rows.
    """

    def __init__(self, build_id: int, project_id: int, *, takeovers: int) -> None:
        self._build_id = build_id
        self._project_id = project_id
        self._takeovers = takeovers
        self._jobs: dict[str, int] = {}
        self._attempts: dict[tuple[str, int], Going] = {}
        self._notices: list[str] = []
        self._tests: list[Test] = []
        self.pieces: list[Piece] = []
        self.finished: list[int] = []
        """Attempts whose logs are whole."""

    def copy(self) -> "Rows":
        """The same state, to be changed by a batch that may fail."""
        made = Rows(self._build_id, self._project_id, takeovers=self._takeovers)
        made._jobs = dict(self._jobs)
        made._attempts = {
            key: Going(
                id=going.id,
                size=going.size,
                phases=list(going.phases),
                steps=dict(going.steps),
                seen=going.seen.copy(),
            )
            for key, going in self._attempts.items()
        }
        made._notices = list(self._notices)
        return made

    def apply(self, events: Sequence[Event]) -> None:
        """Store a batch, in order; what goes to the log is left in ``pieces``."""
        for event in events:
            self._apply(event)
        self._flush_tests()

    @singledispatchmethod
    def _apply(self, event: Event) -> None:
        """Events that are new to this version change nothing."""

    @_apply.register
    def _(self, event: RunStarted) -> None:
        # Nothing of a run that was given up is left beside the one that took over.
        for rows in self._all() if self._takeovers else ():
            rows._raw_delete(rows.db)  # noqa: SLF001 — children first: nothing is to be collected
        plan = event.plan
        self._notices = self._about_takeovers()
        Build.objects.filter(pk=self._build_id).update(
            plan=pack(plan), isolation=clean(event.isolation, 40), notices=self._notices
        )
        made = Job.objects.bulk_create(
            Job(
                build_id=self._build_id,
                key=clean(job.id, _NAME),
                place=place,
                name=clean(job.name, _NAME),
                stage=clean(job.stage, 100),
                axes=[[clean(name), clean(value)] for name, value in job.axes],
                needs=[clean(name, _NAME) for name in job.needs],
                python=clean(job.python or "", 20),
                allow_failure=job.allow_failure,
            )
            for place, job in enumerate(plan.jobs)
        )
        self._jobs = {job.id: row.pk for job, row in zip(plan.jobs, made, strict=True)}

    def _about_takeovers(self) -> list[str]:
        if not self._takeovers:
            return []
        times = "once" if self._takeovers == 1 else f"{self._takeovers} times"
        return [f"begun again {times}, since its worker was lost or stopped"]

    def _all(self) -> tuple[QuerySet[Model], ...]:
        build = self._build_id
        rows: tuple[QuerySet[Model], ...] = (
            LogChunk.objects.filter(attempt__job__build=build),
            Test.objects.filter(build=build),
            Step.objects.filter(attempt__job__build=build),
            Artifact.objects.filter(job__build=build),
            Attempt.objects.filter(job__build=build),
            Job.objects.filter(build=build),
        )
        return rows

    @_apply.register
    def _(self, event: JobStarted) -> None:
        if event.job not in self._jobs:
            return
        when = moment(event.time)
        attempt = Attempt.objects.create(
            job_id=self._jobs[event.job], number=event.attempt, started=when
        )
        self._attempts[event.job, event.attempt] = Going(id=attempt.pk)
        change: dict[str, object] = {"state": State.RUNNING, "reason": ""}
        if event.attempt == 1:
            change["started"] = when
        self._job(event.job).update(**change)

    @_apply.register
    def _(self, event: PhaseFinished) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if going:
            going.phases.append((event.phase, event.seconds, clean(event.note)))
            Attempt.objects.filter(pk=going.id).update(phases=going.phases)

    @_apply.register
    def _(self, event: Progress) -> None:
        self._job(event.job).update(progress=clean(event.text, _TEXT))

    @_apply.register
    def _(self, event: StepStarted) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if not going:
            return
        if known := going.steps.get(event.step):
            Step.objects.filter(pk=known).update(state=State.RUNNING, reason="", code=None)
            return
        step = Step.objects.create(
            attempt_id=going.id,
            number=event.step,
            name=clean(event.name, _TEXT),
            phase=event.phase,
            started=moment(event.time),
            offset=going.size,
        )
        going.steps[event.step] = step.pk

    @_apply.register
    def _(self, event: Output) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if not going or not event.data:
            return
        last = self.pieces[-1] if self.pieces else None
        data = event.data
        if (
            last
            and (last.attempt, last.step) == (going.id, event.step)
            and len(last.data) + len(data) <= _PIECE
        ):
            self.pieces[-1] = msgspec.structs.replace(last, data=last.data + data)
        else:
            piece = Piece(attempt=going.id, step=event.step, start=going.size, data=data)
            self.pieces.append(piece)
        going.size += len(data)

    @_apply.register
    def _(self, event: TestsCollected) -> None:
        self._step(event.job, event.attempt, event.step).update(expected=event.count)

    @_apply.register
    def _(self, event: TestFinished) -> None:
        if going := self._attempts.get((event.job, event.attempt)):
            self._add_test(going, event.case, event.step)

    @_apply.register
    def _(self, event: StepFinished) -> None:
        going = self._attempts.get((event.job, event.attempt))
        if not going or event.step not in going.steps:
            return
        step = Step.objects.get(pk=going.steps[event.step])
        step.state = State(event.outcome)
        step.code = event.code
        step.seconds = event.seconds
        step.reason = clean(event.reason, _TEXT)
        step.reused = event.reused
        step.length = going.size - step.offset
        step.save()

    @_apply.register
    def _(self, event: JobFinished) -> None:
        going = self._attempts.get((event.job, event.attempt))
        when = moment(event.time)
        last = event.result.attempts[-1] if event.result and event.result.attempts else None
        if going:
            Attempt.objects.filter(pk=going.id).update(
                state=event.outcome.value,
                reason=clean(event.reason, _TEXT),
                timed_out=bool(last and last.timed_out),
                finished=when,
                seconds=last.seconds if last else event.seconds,
                log_size=going.size,
            )
            self.finished.append(going.id)
            for case in last.report.tests.cases if last else ():
                self._add_test(going, case, 0)
        if event.again:
            self._job(event.job).update(reason=clean(event.reason, _TEXT))
            return
        change: dict[str, object] = {
            "state": event.outcome.value,
            "reason": clean(event.reason, _TEXT),
            "progress": "",
            "finished": when,
            "seconds": event.seconds,
        }
        if event.result:
            change |= _of_result(event.result)
        self._job(event.job).update(**change)

    @_apply.register
    def _(self, event: Notice) -> None:
        text = f"{event.job}: {event.text}" if event.job else event.text
        self._notices.append(clean(text, _TEXT))
        Build.objects.filter(pk=self._build_id).update(notices=self._notices)

    @_apply.register
    def _(self, event: ArtifactsKept) -> None:
        when = moment(event.time)
        Artifact.objects.bulk_create(
            Artifact(
                job_id=self._jobs[file.job],
                path=clean(file.path),
                size=file.size,
                key=file.key,
                expires=when + timedelta(days=file.days) if file.days else None,
            )
            for file in event.files
            if file.job in self._jobs
        )

    @_apply.register
    def _(self, event: RunFinished) -> None:
        self._flush_tests()
        result = event.result
        tests = [job.report.tests for job in result.jobs]
        Build.objects.filter(pk=self._build_id).update(
            state=result.outcome.value,
            finished=moment(event.time),
            seconds=result.seconds,
            sentence=clean(result.verdict.sentence if result.verdict else "", _TEXT),
            tree=result.tree,
            coverage=result.report.coverage.percent if result.report.coverage else None,
            passed_tests=sum(map(_passed, tests)),
            bad_tests=sum(len(report.bad) for report in tests),
            skipped_tests=sum(report.count(TestOutcome.SKIPPED) for report in tests),
            notices=[
                *self._about_takeovers(),
                *(clean(text, _TEXT) for text in result.notices),
            ],
            result=pack(_without_jobs(result)),
        )

    def _job(self, key: str) -> QuerySet[Job]:
        return Job.objects.filter(pk=self._jobs.get(key, 0))

    def _step(self, job: str, attempt: int, number: int) -> QuerySet[Step]:
        going = self._attempts.get((job, attempt))
        return Step.objects.filter(pk=going.steps.get(number, 0) if going else 0)

    def _add_test(self, going: Going, case: TestCase, step: int) -> None:
        digest = test_digest(case)
        if digest in going.seen:
            return
        going.seen.add(digest)
        self._tests.append(
            Test(
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
        )

    def _flush_tests(self) -> None:
        Test.objects.bulk_create(self._tests, batch_size=1000)
        self._tests = []


def moment(seconds: float) -> datetime:
    """Unix seconds as the store keeps times."""
    return datetime.fromtimestamp(seconds, UTC)


def test_digest(case: TestCase) -> int:
    """The identity of a test over the builds of a project, in 63 bits."""
    key = case.key.encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(key).digest()[:8], "big") >> 1


def _of_result(result: JobResult) -> dict[str, object]:
    tests = result.report.tests
    coverage = result.report.coverage
    return {
        "environment": clean(result.environment, 100),
        "interpreter": clean(result.interpreter, 40),
        "isolated": result.isolated,
        "passed_tests": _passed(tests),
        "bad_tests": len(tests.bad),
        "skipped_tests": tests.count(TestOutcome.SKIPPED),
        "coverage": coverage.percent if coverage else None,
        "result": pack(_without_tests(result)),
    }


def _passed(report: TestReport) -> int:
    return report.count(TestOutcome.PASSED, TestOutcome.XFAILED, TestOutcome.XPASSED)


def _without_tests(result: JobResult) -> JobResult:
    replace = msgspec.structs.replace
    attempts = tuple(
        replace(attempt, report=replace(attempt.report, tests=TestReport()))
        for attempt in result.attempts
    )
    return replace(result, attempts=attempts)


def _without_jobs(result: RunResult) -> RunResult:
    plan = Plan(source=result.plan.source, origin=result.plan.origin)
    return msgspec.structs.replace(result, jobs=(), plan=plan, report=_slim(result.report))


def _slim(report: Report) -> Report:
    return msgspec.structs.replace(report, tests=TestReport())
