"""One job from its first attempt to its end: checkout, environment, services, steps, reports."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.model import (
    Attempt,
    Event,
    Job,
    JobFinished,
    JobResult,
    JobStarted,
    Limits,
    Notice,
    Outcome,
    PhaseFinished,
    PhaseTime,
    Progress,
    Report,
    Trigger,
)
from fairlead.runner.baseline import Baseline
from fairlead.runner.cancel import Cancel
from fairlead.runner.checkout import Checkout, Source, fill_workspace
from fairlead.runner.environments import Environment, Environments
from fairlead.runner.environments.giving_up import given_up
from fairlead.runner.log import Log
from fairlead.runner.prepare import Going, Ready, make_ready, prepare_environment
from fairlead.runner.pythons import Interpreter
from fairlead.runner.recorded import Recorded
from fairlead.runner.sandbox.base import Sandbox
from fairlead.runner.secrets import Secrets
from fairlead.runner.steps import StepsEnd, Surroundings, run_steps, wanted_again
from fairlead.settings import Settings
from fairlead.util.errand import Aside, Errand
from fairlead.util.fs import remove_tree
from fairlead.util.redact import Redactor


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a person asked for the run: ``reuse`` of steps, or ``verify`` it."""

    reuse: bool = True
    verify: bool = False


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all jobs of a run have in common.

    ``work`` is emptied after the run, ``folder`` is kept with its result.
    """

    number: int
    source: Source
    trigger: Trigger
    settings: Settings
    sandbox: Sandbox
    environments: Environments
    secrets: Secrets
    options: Options
    folder: Path
    work: Path
    emit: Callable[[Event], None]
    host: Mapping[str, str]
    baseline: Baseline
    pythons: Errand[tuple[Interpreter, ...]]
    """The machine's interpreters."""
    recorded: Mapping[str, Recorded] = {}
    """What jobs, by their ids, ran on before and are to run on again."""
    aside: Aside
    """Clearing up, which may go on beside the next jobs."""


def run_job(shared: Shared, job: Job, cancel: Cancel) -> JobResult:
    """Run a job until it ends for good. Never raises: what goes wrong is the job's result."""
    began = time.monotonic()
    attempts: list[Attempt] = []
    while True:
        number = len(attempts) + 1
        going = _Attempt(shared, job, number, cancel)
        attempt = going.run()
        attempts.append(attempt)
        again = not cancel.thrown and wanted_again(
            job.retry, number, attempt.outcome, timed_out=attempt.timed_out
        )
        result = going.result(tuple(attempts), time.monotonic() - began)
        shared.emit(_finished(job, result, number, again=again))
        if not again:
            shared.aside.begin(going.clear)
            return result
        going.clear()


def _finished(job: Job, result: JobResult, number: int, *, again: bool) -> JobFinished:
    return JobFinished(
        time=time.time(),
        job=job.id,
        attempt=number,
        outcome=result.outcome,
        seconds=result.seconds,
        reason=result.reason,
        again=again,
        result=None if again else result,
    )


class _Attempt:
    def __init__(self, shared: Shared, job: Job, number: int, cancel: Cancel) -> None:
        self._shared = shared
        self._job = job
        self._number = number
        self._cancel = cancel
        self._place = shared.work / f"{job.id}-{number}"
        self._log_name = f"jobs/{job.id}/{number}.log"
        self._phases: list[PhaseTime] = []
        self._environment: Environment | None = None
        self._artifacts: tuple[str, ...] = ()
        self._checkout = Checkout(self._fill)
        self._report = Report()

    @property
    def _workspace(self) -> Path:
        return self._place / "ws"

    def run(self) -> Attempt:
        shared, job = self._shared, self._job
        began, clock = time.time(), time.monotonic()
        shared.emit(JobStarted(time=began, job=job.id, attempt=self._number))
        log = Log(
            shared.folder / self._log_name,
            limit=shared.settings.log,
            redactor=Redactor(shared.secrets.values),
            emit=self._emit_output,
        )
        try:
            end = self._guarded(log, clock + job.timeout)
        finally:
            log.close()
        return Attempt(
            outcome=end.outcome,
            reason=end.reason,
            timed_out=end.timed_out,
            started=began,
            seconds=time.monotonic() - clock,
            steps=end.results,
            phases=tuple(self._phases),
            report=self._report,
            log=self._log_name,
        )

    def result(self, attempts: tuple[Attempt, ...], seconds: float) -> JobResult:
        last, environment = attempts[-1], self._environment
        return JobResult(
            job=self._job.id,
            outcome=last.outcome,
            reason=last.reason,
            seconds=seconds,
            attempts=attempts,
            environment=environment.key if environment else "",
            interpreter=environment.interpreter.version if environment else "",
            resolution=environment.resolution if environment else "",
            artifacts=self._artifacts,
            isolated=self._shared.sandbox.isolated,
        )

    def clear(self) -> None:
        """Remove the attempt's workspace; what was worth keeping lies in the run's folder."""
        remove_tree(self._place)

    def _guarded(self, log: Log, deadline: float) -> StepsEnd:
        """The phases, with everything that can go wrong turned into an end."""
        try:
            return self._in_phases(log, deadline)
        except FairleadError as error:
            if self._cancel.thrown:
                return StepsEnd(outcome=Outcome.CANCELLED, reason=self._cancel.reason)
            log.line(f"[{error}]")
            return StepsEnd(outcome=Outcome.ERRORED, reason=str(error))
        except Exception as error:  # noqa: BLE001 — one job's bug must not lose the others
            import traceback

            log.line(traceback.format_exc())
            reason = f"internal error: {type(error).__name__}: {error}"
            return StepsEnd(outcome=Outcome.ERRORED, reason=reason)

    def _in_phases(self, log: Log, deadline: float) -> StepsEnd:
        """Checkout goes on beside the environment, and is left out where no step may need it."""
        if not self._may_be_known:
            self._checkout.begin()
        try:
            with self._phase("environment"):
                self._environment = self._prepare(deadline)
            return self._with_environment(log, deadline)
        finally:
            self._checkout.wait()

    @property
    def _may_be_known(self) -> bool:
        """Whether earlier successes might stand in for all steps."""
        options, job = self._shared.options, self._job
        replaying = options.reuse and not options.verify and not job.session
        return replaying and all(step.reuse for step in job.steps)

    def _fill(self) -> None:
        with self._phase("checkout"):
            fill_workspace(self._shared.source, self._workspace)

    def _with_environment(self, log: Log, deadline: float) -> StepsEnd:
        going = Going(
            shared=self._shared,
            job=self._job,
            attempt=self._number,
            place=self._place,
            environment=self._environment,
            checkout=self._checkout,
            log=log,
            cancel=self._cancel,
            phase=self._phase,
            deadline=deadline,
        )
        with make_ready(going) as ready:
            with self._phase("steps"):
                end = self._steps(ready, log, deadline)
            self._say_limits(ready)
            if end.outcome is not Outcome.CANCELLED:
                with self._phase("reports"):
                    end = self._judged(self._reports(ready, log, end))
        return end

    def _say_limits(self, ready: Ready) -> None:
        """Tell what the sandbox kept from the job, and what of its file it could not enforce."""
        box, job = ready.box, self._job
        if box is None:
            return
        asked = job.limits != Limits() or job.network.mode != "full"
        said = list(box.unmet) if asked else []
        if denied := box.denied():
            said.append(f"no connection was let through to {', '.join(denied)}")
        for text in said:
            self._shared.emit(Notice(time=time.time(), job=job.id, text=text))

    def _prepare(self, deadline: float) -> Environment | None:
        shared, job = self._shared, self._job
        files = self._checkout.finish

        def why() -> str:
            late = time.monotonic() >= deadline
            return self._cancel.reason or (
                f"the job's timeout of {job.timeout:g} s" if late else ""
            )

        with given_up(why):
            found = prepare_environment(shared, job, self._workspace, self._progress, files)
        for text in found.notices if found else ():
            shared.emit(Notice(time=time.time(), job=job.id, text=text))
        return found

    def _steps(self, ready: Ready, log: Log, deadline: float) -> StepsEnd:
        around = Surroundings(
            job=self._job,
            attempt=self._number,
            box=ready.box,
            variables=ready.variables,
            log=log,
            channel=ready.channel,
            emit=self._shared.emit,
            cancel=self._cancel,
            deadline=deadline,
            reuse=ready.reuse,
        )
        if not self._job.session:
            return run_steps(around)
        from fairlead.pipeline.travis.session import session_script
        from fairlead.runner.session import run_session

        return run_session(around, session_script(self._job))

    def _reports(self, ready: Ready, log: Log, end: StepsEnd) -> StepsEnd:
        from fairlead.runner.files import keep_artifacts, matching
        from fairlead.runner.gather import Left, gather

        self._report = gather(
            Left(
                job=self._job,
                workspace=self._workspace,
                filled=self._checkout.begun,
                channel=ready.channel,
                root=ready.root,
                cases=end.cases,
                steps=end.results,
                log=log.slice,
                source=self._shared.source,
                home=self._shared.settings.home,
            )
        )
        names = matching(self._workspace, self._job.artifacts.paths)
        folder = self._shared.folder / "artifacts" / self._job.id
        self._artifacts = keep_artifacts(self._workspace, names, folder)
        return end

    def _judged(self, end: StepsEnd) -> StepsEnd:
        """The end after the job's gates: what its coverage and violations are held to.

        A linter that fails without any finding we can read has failed for another reason.
        """
        job = self._job
        if end.outcome is not Outcome.PASSED or not (job.coverage or job.violations):
            return end
        from fairlead.reports.gates import judge
        from fairlead.reports.words import plural

        counted = {part.tool for part in self._report.violations if part.items}
        reasons = [f"{tool} failed" for tool in end.found if tool not in counted]
        comparison = self._shared.baseline.compare_job(job.id, self._report)
        reasons += judge(job, self._report, comparison)
        if not reasons:
            passed = [part for part in self._report.violations if part.tool in end.found]
            told = [f"{plural(len(p.items), f'{p.tool} violation')} let pass" for p in passed]
            return msgspec.structs.replace(end, reason="; ".join(told))
        return msgspec.structs.replace(end, outcome=Outcome.FAILED, reason="; ".join(reasons))

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            self._phases.append(PhaseTime(phase=name, seconds=seconds))
            self._shared.emit(
                PhaseFinished(
                    time=time.time(),
                    job=self._job.id,
                    attempt=self._number,
                    phase=name,
                    seconds=seconds,
                )
            )

    def _progress(self, text: str) -> None:
        self._shared.emit(Progress(time=time.time(), job=self._job.id, text=text))

    def _emit_output(self, step: int, data: bytes) -> None:
        from fairlead.model import Output

        output = Output(
            time=time.time(), job=self._job.id, attempt=self._number, step=step, data=data
        )
        self._shared.emit(output)
