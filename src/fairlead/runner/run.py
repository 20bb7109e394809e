"""A whole run: from a plan and a source to a verdict that is written down."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import msgspec

from fairlead.errors import InterpreterNotFound, StoreError
from fairlead.model import (
    Event,
    Job,
    JobResult,
    Notice,
    Outcome,
    Plan,
    Report,
    RunFinished,
    RunResult,
    RunStarted,
    Skipped,
    StepStarted,
    Trigger,
)
from fairlead.runner.baseline import Baseline, reports
from fairlead.runner.build import Workers, run_jobs, worst
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Source
from fairlead.runner.environments import Environments
from fairlead.runner.history import History, Records, expected_seconds
from fairlead.runner.job import Options, Shared, run_job
from fairlead.runner.places import working_folder
from fairlead.runner.prepare import limits_of
from fairlead.runner.pythons import Interpreter, choose, find
from fairlead.runner.recorded import Recorded
from fairlead.runner.sandbox import choose as choose_sandbox
from fairlead.runner.sandbox.base import Sandbox
from fairlead.runner.secrets import Secrets
from fairlead.runner.select import NOT_SELECTED
from fairlead.settings import Settings
from fairlead.util.errand import Aside, Errand, Later


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: which plan of which source, and how.

    ``more`` says that this process will run others after it: a box is made ahead for the next.
    ``recorded`` says by job id what jobs ran on in an earlier run that is to be reproduced.
    ``work`` is a folder for this run alone, of whoever asked; without it one is made and removed.
    """

    plan: Plan
    source: Source
    trigger: Trigger
    settings: Settings
    host: Mapping[str, str]
    options: Options = Options()
    secrets: Secrets = Secrets()
    more: bool = False
    records: Records | None = None
    recorded: Mapping[str, Recorded] = {}
    work: Path | None = None


def run(order: Order, emit: Callable[[Event], None], cancel: Cancel) -> RunResult:
    """Carry an order out and record it.

    ``emit`` is called from several threads, one call at a time. Raises ``StoreError`` and
    ``SandboxFailed`` where nothing can be run at all; all else is a job's result.
    """
    return _Run(order, emit, cancel).carry_out()


class _Run:
    def __init__(self, order: Order, emit: Callable[[Event], None], cancel: Cancel) -> None:
        self._order = order
        self._cancel = cancel
        self._lock = threading.Lock()
        self._sink = emit
        self._notices: list[str] = []
        self._history = order.records or History(order.source.root)
        self._baseline = Baseline(self._history, order.source, order.trigger)
        self._conclusion = Later(self._prepare_conclusion)
        # Looked for while a number is taken and a box is made.
        self._pythons = Errand(lambda: find(order.settings.home, order.host))

    def _emit(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Notice):
                self._notices.append(event.text)
            elif isinstance(event, StepStarted):
                self._conclusion.begin()  # until then it would be in the way of the first step
            self._sink(event)

    def carry_out(self) -> RunResult:
        order = self._order
        started, clock = time.time(), time.monotonic()
        sandbox = choose_sandbox(order.settings.sandbox, order.settings.home)
        plan, skipped = self._present(order.plan)
        ahead = Ahead(plan, sandbox, order.settings, self._count)
        number = self._history.begin()
        self._emit(RunStarted(time=started, number=number, plan=plan, isolation=sandbox.name))
        if not sandbox.isolated:
            self._emit(Notice(time=time.time(), text=f"not isolated: {sandbox.reason}"))
        own = nullcontext(order.work) if order.work else working_folder(order.settings.home)
        with own as work:
            shared = self._shared(number, sandbox, work)
            jobs = self._run_jobs(plan, shared, ahead)
            self._conclusion.begin()
            self._conclusion.wait()
            result = RunResult(
                number=number,
                outcome=self._outcome(plan, jobs),
                trigger=order.trigger,
                plan=plan,
                tree=order.source.tree_id,
                started=started,
                seconds=time.monotonic() - clock,
                jobs=jobs,
                skipped=tuple(s for s in skipped if s.reason != NOT_SELECTED),
                machine=self._machine(),
            )
            result = self._concluded(result)
            if order.more:
                ahead.again()
            shared.aside.wait()
            return result

    def _shared(self, number: int, sandbox: Sandbox, work: Path) -> Shared:
        order = self._order
        return Shared(
            number=number,
            source=order.source,
            trigger=order.trigger,
            settings=order.settings,
            sandbox=sandbox,
            environments=self._environments(),
            secrets=order.secrets,
            options=order.options,
            folder=self._history.folder(number),
            work=work,
            emit=self._emit,
            host=order.host,
            baseline=self._baseline,
            pythons=self._pythons,
            recorded=order.recorded,
            aside=Aside(),
        )

    @property
    def _count(self) -> int:
        """How many jobs may run at once.

        One more than there are cores: while one waits for its files or its environment, or is the
        last of an odd number, no core is idle.
        """
        return self._order.settings.jobs or (os.cpu_count() or 1) + 1

    def _run_jobs(self, plan: Plan, shared: Shared, ahead: "Ahead") -> tuple[JobResult, ...]:
        def carry_out(job: Job, cancel: Cancel) -> JobResult:
            ahead.started(job)
            return run_job(shared, job, cancel)

        workers = Workers(run=carry_out, count=self._count, emit=self._emit)
        # The order of starting, which a single job has none of.
        expected = expected_seconds(self._baseline.entries) if len(plan.jobs) > 1 else {}
        return run_jobs(plan, workers, self._cancel, expected)

    def _outcome(self, plan: Plan, jobs: tuple[JobResult, ...]) -> Outcome:
        return Outcome.CANCELLED if self._cancel.thrown else worst(plan, jobs)

    def _prepare_conclusion(self) -> None:
        """Load what is needed at the end, while jobs wait for git and their boxes."""
        import fairlead.reports.combine
        import fairlead.reports.compare
        import fairlead.reports.verdict
        import fairlead.runner.gather  # noqa: F401 — they stay loaded

        self._baseline.load()

    def _concluded(self, result: RunResult) -> RunResult:
        """The result with its report, comparison and verdict, written down and told."""
        from fairlead.reports.combine import combine
        from fairlead.reports.verdict import verdict

        now = reports(result)
        comparison, since_base = self._baseline.compare_run(now)
        result = msgspec.structs.replace(
            result,
            report=msgspec.structs.replace(combine(now.values()), tests=Report().tests),
            comparison=comparison,
            since_base=since_base,
            notices=tuple(dict.fromkeys(self._notices)),
        )
        result = msgspec.structs.replace(result, verdict=verdict(result))
        try:
            self._history.finish(result, self._order.settings.keep_runs)
        except StoreError as error:
            notices = (*result.notices, f"this result was not kept: {error.message}")
            result = msgspec.structs.replace(result, notices=notices)
        self._emit(RunFinished(time=time.time(), result=result))
        return result

    def _environments(self) -> Environments:
        return Environments(self._order.settings.home, self._order.host)

    def _present(self, plan: Plan) -> tuple[Plan, tuple[Skipped, ...]]:
        """The plan without jobs whose Python is absent and may be."""
        if not any(job.missing == "skip" and job.python for job in plan.jobs):
            return plan, plan.skipped
        found = self._pythons.result()
        absent = {job.id: why for job in plan.jobs if (why := _absent(job, found))}
        gone = tuple(Skipped(job=name, reason=why) for name, why in absent.items())
        jobs = tuple(
            msgspec.structs.replace(job, needs=tuple(n for n in job.needs if n not in absent))
            for job in plan.jobs
            if job.id not in absent
        )
        kept = msgspec.structs.replace(plan, jobs=jobs, skipped=plan.skipped + gone)
        return kept, kept.skipped

    def _machine(self) -> tuple[tuple[str, str], ...]:
        dirty = "yes" if self._order.source.dirty else "no"
        system = os.uname()  # as platform has it, which takes long to load
        return (
            ("dirty", dirty),
            ("cores", str(os.cpu_count() or 1)),
            ("system", f"{system.sysname} {system.release}"),
        )


class Ahead:
    """Has boxes made for the jobs that come next, as many as run at once."""

    def __init__(self, plan: Plan, sandbox: Sandbox, settings: Settings, count: int) -> None:
        self._sandbox = sandbox
        self._settings = settings
        self._count = count
        self._lock = threading.Lock()
        self._left = {job.id: job for job in plan.jobs}
        self._first = plan.jobs[:count]
        self.again()

    def started(self, job: Job) -> None:
        """A job wants its box now: begin with those for the jobs that are then next."""
        with self._lock:
            self._left.pop(job.id, None)
            following = tuple(self._left.values())[: self._count]
        self._warm(following[self._count - 1 :], most=self._count)

    def again(self) -> None:
        """The next run will most likely begin as this one did."""
        for number in range(len(self._first)):
            self._warm(self._first[number : number + 1], most=number + 1)

    def _warm(self, jobs: tuple[Job, ...], most: int) -> None:
        for job in jobs:
            limits = limits_of(job, self._settings)
            self._sandbox.warm(limits, job.network.mode, most)


def _absent(job: Job, found: tuple[Interpreter, ...]) -> str:
    if job.missing != "skip" or job.python is None:
        return ""
    try:
        choose(found, job.python)
    except InterpreterNotFound as error:
        return error.message
    return ""
