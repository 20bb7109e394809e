"""Running a job's steps, each in a shell of its own; the first failure ends the job."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from fairlead.errors import SandboxFailed
from fairlead.model import (
    Event,
    Job,
    Notice,
    Outcome,
    Phase,
    Retry,
    Step,
    StepFinished,
    StepResult,
    StepStarted,
    TestCase,
)
from fairlead.runner.cancel import Cancel
from fairlead.runner.execute import Ended, Watch, execute
from fairlead.runner.follow import Follower
from fairlead.runner.log import Log
from fairlead.runner.sandbox.base import Box

_NO_TESTS = 5  # what pytest exits with then
_LONGEST_ARGUMENT = 100_000  # bytes; Linux takes 131,071 in one argument


WRONG = "reusing it would have been wrong"
"""What is said of a step whose earlier success would have been no stand-in."""


class StepsEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How the steps of one attempt ended, all together."""

    outcome: Outcome
    reason: str = ""
    timed_out: bool = False
    results: tuple[StepResult, ...] = ()
    cases: tuple[TestCase, ...] = ()
    found: tuple[str, ...] = ()
    """Tools whose steps failed only because they found something: gates decide on that."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps of one attempt run in. ``channel`` is a folder the box can write to.

    There is no ``box`` where no step will need one: all are reused.
    """

    job: Job
    attempt: int
    box: Box | None
    variables: Mapping[str, str]
    log: Log
    channel: Path
    emit: Callable[[Event], None]
    cancel: Cancel
    deadline: float
    """Monotonic time at which the attempt has used up its timeout."""
    reuse: "Reuser | None" = None

    def where(self) -> dict[str, object]:
        """The fields that all events of this attempt share."""
        return {"time": time.time(), "job": self.job.id, "attempt": self.attempt}


class Reuser(Protocol):
    """Answers for one attempt whether a step's earlier success stands in for it."""

    def replay(self, index: int) -> str | None:
        """Write an earlier success's log and outputs; returns what to say, ``None`` to run."""
        ...

    def keep(self, index: int, result: StepResult) -> str:
        """Learn from a step that ran; returns what is to be said of it, mostly nothing."""
        ...


def run_steps(around: Surroundings) -> StepsEnd:
    """Run all steps of a job. Raises nothing for a step that fails: that is its result."""
    runner = _Steps(around)
    outcome = runner.main()
    runner.afterwards(outcome)
    return runner.end(outcome)


class _Steps:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._results: list[StepResult] = []
        self._reason = ""
        self._timed_out = False
        self._found: list[str] = []
        self._follower = Follower(
            around.channel / "events.jsonl",
            job=around.job.id,
            attempt=around.attempt,
            emit=around.emit,
        )

    def main(self) -> Outcome:
        for index, step in enumerate(self._around.job.steps):
            if step.phase not in (Phase.SETUP, Phase.SCRIPT):
                continue
            ended, result = self._with_retries(index, step)
            if result.outcome is Outcome.FAILED and gated(self._around.job, step.tool):
                self._found.append(step.tool)
            elif result.outcome is not Outcome.PASSED:
                self._reason = job_reason(step.name, ended, result.reason)
                self._timed_out = ended.timed_out
                return result.outcome
        return Outcome.PASSED

    def afterwards(self, outcome: Outcome) -> None:
        """The phases after the verdict; what they return is shown and changes nothing."""
        if outcome is Outcome.CANCELLED:
            return
        ended = Phase.AFTER_SUCCESS if outcome is Outcome.PASSED else Phase.AFTER_FAILURE
        for index, step in enumerate(self._around.job.steps):
            if step.phase in (ended, Phase.AFTER):
                self._once(index, step, 1, {"FAIRLEAD_OUTCOME": str(outcome)})

    def end(self, outcome: Outcome) -> StepsEnd:
        return StepsEnd(
            outcome=outcome,
            reason=self._reason,
            timed_out=self._timed_out,
            results=tuple(self._results),
            cases=tuple(self._follower.cases),
            found=tuple(self._found),
        )

    def _with_retries(self, index: int, step: Step) -> tuple[Ended, StepResult]:
        attempt = 1
        while True:
            ended, result = self._once(index, step, attempt)
            if not wanted_again(step.retry, attempt, result.outcome, timed_out=ended.timed_out):
                return ended, result
            attempt += 1
            self._around.log.line(f"[{result.reason}; attempt {attempt}]")

    def _once(
        self, index: int, step: Step, attempt: int, extra: Mapping[str, str] | None = None
    ) -> tuple[Ended, StepResult]:
        around = self._around
        around.log.begin(index)
        offset = around.log.size
        self._follower.step = index
        started = StepStarted(step=index, name=step.name, phase=step.phase, **around.where())  # type: ignore[arg-type]
        around.emit(started)
        said = around.reuse.replay(index) if around.reuse and attempt == 1 else None
        if said is None:
            around.log.line(f"$ {step.command.strip()}")
            ended = self._execute(index, step, extra or {})
            self._follower.end_step()
        else:
            ended = Ended(code=0, seconds=0.0, reason=said)
        around.log.flush()
        result = self._result(step, ended, attempt, offset, reused=said is not None)
        self._results.append(result)
        if around.reuse and not result.reused:
            result = self._kept(index, result)
        self._emit_finished(index, result)
        return ended, result

    def _kept(self, index: int, result: StepResult) -> StepResult:
        assert self._around.reuse is not None  # noqa: S101 — for the type checker
        said = self._around.reuse.keep(index, result)
        if said:
            reason = f"{result.reason}; {said}" if result.reason else said
            self._results[-1] = msgspec.structs.replace(result, reason=reason)
        if WRONG in said:
            text = f"{self._around.job.id}: {result.name}: {said}"
            self._around.emit(Notice(time=time.time(), text=text))
        return self._results[-1]

    def _result(
        self, step: Step, ended: Ended, attempt: int, offset: int, *, reused: bool
    ) -> StepResult:
        outcome, reason = judge_step(step, ended)
        return StepResult(
            name=step.name,
            outcome=outcome,
            code=ended.code,
            seconds=ended.seconds,
            reason=reason,
            reused=reused,
            attempt=attempt,
            offset=offset,
            length=self._around.log.size - offset,
            phase=step.phase,
        )

    def _execute(self, index: int, step: Step, extra: Mapping[str, str]) -> Ended:
        around = self._around
        variables = {**around.variables, **dict(step.env), **extra}
        argv = self._argv(index, step.command)
        left = around.deadline - time.monotonic()
        timeout = left if step.timeout is None else min(left, step.timeout)
        silence = around.job.silence if step.silence is None else step.silence
        if around.box is None:
            raise SandboxFailed(f"{step.name} was to be reused and cannot be run")
        running = around.box.start(argv, variables)
        ended = execute(
            running,
            watch=Watch(timeout=max(0.0, timeout), silence=silence or None),
            cancel=around.cancel,
            sink=around.log.write,
            tick=self._follower.tick,
            check=around.box.exceeded,
        )
        if ended.timed_out and timeout == left and "timed out" in ended.reason:
            spoken = f"timed out after {around.job.timeout:g} s (the job's timeout)"
            return msgspec.structs.replace(ended, reason=spoken)
        return ended

    def _argv(self, index: int, command: str) -> tuple[str, ...]:
        shell = ("bash", "-eo", "pipefail")
        if len(command.encode("utf-8", "surrogateescape")) < _LONGEST_ARGUMENT:
            return (*shell, "-c", command)
        from fairlead.runner.files import write_fresh

        script = self._around.channel / f"step-{index}.sh"
        write_fresh(script, command)
        return (*shell, str(script))

    def _emit_finished(self, index: int, result: StepResult) -> None:
        self._around.emit(
            StepFinished(
                step=index,
                outcome=result.outcome,
                seconds=result.seconds,
                code=result.code,
                reused=result.reused,
                reason=result.reason,
                **self._around.where(),  # type: ignore[arg-type]
            )
        )


def gated(job: Job, tool: str) -> bool:
    """Whether a job has a gate for what ``tool`` finds, so that finding is not yet failing."""
    return bool(tool) and any(gate.tool in ("", tool) for gate in job.violations)


def judge_step(step: Step, ended: Ended) -> tuple[Outcome, str]:
    """What the end of a step's command means, and one sentence on it."""
    if ended.cancelled:
        return Outcome.CANCELLED, ended.reason
    if ended.code is None:
        return Outcome.ERRORED, ended.reason
    if ended.code == 0:
        return Outcome.PASSED, ended.reason
    failed = Outcome.ERRORED if step.phase is Phase.SETUP else Outcome.FAILED
    none = ended.code == _NO_TESTS and "pytest" in step.command
    return failed, spoken_code(ended.code) + (" (no tests were run)" if none else "")


def job_reason(name: str, ended: Ended, reason: str) -> str:
    """A step's end as the reason of its job's: ``pytest exited with 1``."""
    if ended.cancelled:
        return reason
    return f"{name}: {reason}" if ended.code is None else f"{name} {reason}"


def spoken_code(code: int) -> str:
    """An exit code for a sentence; shells report a signal as 128 and its number."""
    if code < 0:
        return f"was killed by signal {-code}"
    return f"exited with {code}"


def wanted_again(retry: Retry | None, attempt: int, outcome: Outcome, *, timed_out: bool) -> bool:
    """Whether a retry rule asks for another go after ``attempt`` ended so."""
    if retry is None or attempt > retry.times or outcome in (Outcome.PASSED, Outcome.CANCELLED):
        return False
    kind = "timeout" if timed_out else str(outcome)
    return kind in retry.on
