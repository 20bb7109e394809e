"""Running a job's steps in one shell, as Travis does; the shell tells where it is."""

import math
import secrets
import time

from fairlead.errors import SandboxFailed
from fairlead.model import Outcome, Phase, StepFinished, StepResult, StepStarted
from fairlead.runner.collect.wire import StepMark
from fairlead.runner.execute import Ended, Watch, execute
from fairlead.runner.files import write_fresh
from fairlead.runner.follow import Follower
from fairlead.runner.steps import StepsEnd, Surroundings


def run_session(around: Surroundings, script: str) -> StepsEnd:
    """Run ``script``, which runs all steps and marks their beginnings and ends.

    Its exit code is the verdict: 0 passed, 1 failed, anything else errored.
    """
    return _Session(around, script).run()


class _Session:
    def __init__(self, around: Surroundings, script: str) -> None:
        self._around = around
        self._script = script
        self._results: list[StepResult] = []
        self._begun: tuple[int, float, int] | None = None
        self._mark_text = secrets.token_hex(8)
        self._token = b"\x1c%b\x1d" % self._mark_text.encode()
        self._held = b""
        self._reached = 0.0  # how many marks the output has come to
        self._follower = Follower(
            around.channel / "events.jsonl",
            job=around.job.id,
            attempt=around.attempt,
            emit=around.emit,
            on_mark=self._marked,
        )

    def run(self) -> StepsEnd:
        around = self._around
        path = around.channel / "session.sh"
        write_fresh(path, self._script)
        left = around.deadline - time.monotonic()
        if around.box is None:
            raise SandboxFailed("a session needs a sandbox")
        ended = execute(
            around.box.start(
                ("bash", str(path)), {**around.variables, "FAIRLEAD_MARK": self._mark_text}
            ),
            watch=Watch(timeout=max(0.0, left), silence=around.job.silence),
            cancel=around.cancel,
            sink=self._take,
            tick=self._follower.tick,
            check=around.box.exceeded,
        )
        around.log.write(self._held)
        around.log.flush()
        self._reached = math.inf
        self._follower.end_step()
        if self._begun is not None:
            self._finish(ended.code, ended.reason)
        outcome, reason = self._judge(ended)
        return StepsEnd(
            outcome=outcome,
            reason=reason,
            timed_out=ended.timed_out,
            results=tuple(self._results),
            cases=tuple(self._follower.cases),
        )

    def _take(self, data: bytes) -> None:
        """Log output up to each mark in it; only then is that mark in the events file due."""
        *pieces, rest = (self._held + data).split(self._token)
        for piece in pieces:
            self._around.log.write(piece)
            self._reached += 1
            self._follower.tick()
        start = rest.rfind(self._token[:1], -len(self._token))
        whole = start < 0 or not self._token.startswith(rest[start:])
        self._held = b"" if whole else rest[start:]
        self._around.log.write(rest if whole else rest[:start])

    def _marked(self, mark: StepMark) -> bool:
        if self._reached < 1:
            return False
        self._reached -= 1
        self._mark(mark)
        return True

    def _mark(self, mark: StepMark) -> None:
        if not 0 <= mark.index < len(self._around.job.steps):
            return
        if self._begun is not None:
            self._finish(mark.code if mark.op == "end" else None, "")
        if mark.op == "start":
            self._start(mark.index)

    def _start(self, index: int) -> None:
        around = self._around
        step = around.job.steps[index]
        around.log.begin(index)
        self._follower.step = index
        self._begun = (index, time.monotonic(), around.log.size)
        started = StepStarted(step=index, name=step.name, phase=step.phase, **around.where())  # type: ignore[arg-type]
        around.emit(started)
        around.log.line(f"$ {step.command.strip()}")

    def _finish(self, code: int | None, reason: str) -> None:
        assert self._begun is not None  # noqa: S101 — for the type checker
        (index, began, offset), self._begun = self._begun, None
        around = self._around
        step = around.job.steps[index]
        outcome = _step_outcome(step.phase, code)
        seconds = time.monotonic() - began
        result = StepResult(
            name=step.name, outcome=outcome, code=code, seconds=seconds, reason=reason,
            offset=offset, length=around.log.size - offset, phase=step.phase,
        )  # fmt: skip
        self._results.append(result)
        finished = StepFinished(
            step=index, outcome=outcome, seconds=seconds, code=code, reason=reason,
            **around.where(),  # type: ignore[arg-type]
        )  # fmt: skip
        around.emit(finished)

    def _judge(self, ended: Ended) -> tuple[Outcome, str]:
        if ended.cancelled:
            return Outcome.CANCELLED, ended.reason
        if ended.code is None:
            return Outcome.ERRORED, ended.reason
        bad = [r for r in self._results if r.outcome in (Outcome.FAILED, Outcome.ERRORED)]
        named = f"{bad[0].name} exited with {bad[0].code}" if bad else ""
        if ended.code in (0, 1):
            outcome = Outcome.FAILED if ended.code else Outcome.PASSED
            return outcome, named or ("" if outcome is Outcome.PASSED else "the script failed")
        return Outcome.ERRORED, named or f"the job's shell exited with {ended.code}"


def _step_outcome(phase: Phase, code: int | None) -> Outcome:
    if code == 0:
        return Outcome.PASSED
    if phase is Phase.SCRIPT and code is not None:
        return Outcome.FAILED
    return Outcome.ERRORED
