"""For anything but a terminal: a line for each thing that happens, then the ending."""

import threading
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

import msgspec

from fairlead.cli.view.base import Writer
from fairlead.cli.view.clean import one_line
from fairlead.cli.view.folding import Folding
from fairlead.cli.view.look import Look, cells
from fairlead.cli.view.tail import Tail
from fairlead.cli.view.words import duration, listing, plural
from fairlead.model import (
    Event,
    JobFinished,
    JobStarted,
    Notice,
    Outcome,
    Output,
    PhaseFinished,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TestFinished,
)

if TYPE_CHECKING:
    from fairlead.cli.view.failures import StepFailure

_SHOWN = 30
_FOLDED = 256 << 10
_LONGEST_NAME = 32
_WORTH_SAYING = 1.0

_Handler = Callable[[Any], None]


class _Step(msgspec.Struct):
    """The step a job is in: its output so far and its tests."""

    name: str
    tail: Tail
    tests: int = 0
    failed: int = 0


class PlainView:
    """Writes lines that begin with a job's id. A failing step's end is shown where it happens.

    With ``folding`` (for the logs of CI services) the output of every step is written too, in a
    section that is closed at first; the ending then shows the end of failing steps.
    """

    def __init__(
        self, stream: IO[str], look: Look, folding: Folding | None = None, word: str = "run"
    ) -> None:
        self._writer = Writer(stream)
        self._word = word
        self._look = look
        self._folding = folding
        self._steps: dict[str, _Step] = {}
        self._failed: dict[tuple[str, int, str], list[str]] = {}
        self._width = 0
        self._lock = threading.Lock()
        self._say: dict[type[Event], _Handler] = {
            RunStarted: self._run_started,
            JobStarted: self._job_started,
            Progress: self._progress,
            PhaseFinished: self._phase,
            StepStarted: self._step_started,
            TestFinished: self._test,
            StepFinished: self._step_finished,
            JobFinished: self._job_finished,
            Notice: self._notice,
            RunFinished: self._run_finished,
        }

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if type(event) is Output:
            if step := self._steps.get(event.job):
                step.tail.add(event.data)
        elif say := self._say.get(type(event)):
            with self._lock:
                say(event)

    def finish(self, text: str) -> None:
        """Write ``text`` behind the lines."""
        self._writer.write(f"\n{text}")

    def close(self) -> None:
        """Nothing is held back."""

    def _line(self, job: str, *lines: str) -> None:
        if not lines:
            return
        job = one_line(job)
        padded = job + " " * (self._width - cells(job))
        prefix = f"{self._look.style(padded, 'bold')} | "
        text = "\n".join(f"{prefix}{line}".rstrip() for line in lines)
        self._writer.line(self._look.plain(text))

    def _run_started(self, event: RunStarted) -> None:
        names = [one_line(job.id) for job in event.plan.jobs]
        self._width = min(max(map(cells, names), default=0), _LONGEST_NAME)
        isolation = f", sandbox: {event.isolation}" if event.isolation else ""
        jobs = f"{plural(len(names), 'job')} ({listing(names, 8)})" if names else "no jobs"
        self._writer.line(self._look.plain(f"{self._word} {event.number}: {jobs}{isolation}"))

    def _job_started(self, event: JobStarted) -> None:
        self._line(event.job, f"attempt {event.attempt}" if event.attempt > 1 else "started")

    def _progress(self, event: Progress) -> None:
        self._line(event.job, one_line(event.text))

    def _phase(self, event: PhaseFinished) -> None:
        if event.seconds >= _WORTH_SAYING and event.phase != "steps":
            note = f" ({one_line(event.note)})" if event.note else ""
            self._line(event.job, f"{event.phase} took {duration(event.seconds)}{note}")

    def _step_started(self, event: StepStarted) -> None:
        tail = Tail(_FOLDED if self._folding else 32 << 10)
        self._steps[event.job] = _Step(one_line(event.name), tail)
        self._line(event.job, f"{self._look.symbol('running')} {one_line(event.name)}")

    def _test(self, event: TestFinished) -> None:
        step = self._steps.get(event.job)
        if step:
            step.tests += 1
        if not event.case.outcome.bad:
            return
        if step:
            step.failed += 1
        message = one_line(event.case.message)
        name = one_line(event.case.id or event.case.key)
        words = f"{name}: {message}" if message else name
        self._line(event.job, f"{self._look.symbol('failed')} {self._look.clip(words, 200)}")

    def _step_finished(self, event: StepFinished) -> None:
        step = self._steps.pop(event.job, None) or _Step("step", Tail())
        title = f"{self._look.symbol(event.outcome)} {step.name}: {_ended(event, step)}"
        if self._folding:
            self._fold(event, step, title)
            return
        self._line(event.job, title)
        if event.outcome is not Outcome.PASSED and not step.failed:
            self._line(event.job, *(f"  {line}" for line in step.tail.lines(last=_SHOWN)))

    def _fold(self, event: StepFinished, step: _Step, title: str) -> None:
        lines = step.tail.lines()
        if event.outcome is not Outcome.PASSED and not step.failed:
            key = (event.job, event.attempt, step.name)
            self._failed[key] = lines[-_SHOWN:]
        if self._folding and lines:
            if step.tail.cut:
                lines.insert(0, f"… the beginning is left out, {step.tail.total:,} bytes in all")
            folded = self._folding.fold(f"{event.job} | {title}", lines)
            self._writer.line(self._look.plain("\n".join(folded)))
        else:
            self._line(event.job, title)

    def _job_finished(self, event: JobFinished) -> None:
        reason = f": {one_line(event.reason)}" if event.reason else ""
        again = ", trying again" if event.again else ""
        word = self._look.style(str(event.outcome), event.outcome)
        took = f" after {duration(event.seconds)}" if event.attempt else ""  # 0: never begun
        self._line(event.job, f"{word}{took}{reason}{again}")

    def _notice(self, event: Notice) -> None:
        text = f"note: {one_line(event.text)}"
        if event.job:
            self._line(event.job, text)
        else:
            self._writer.line(self._look.plain(text))

    def _run_finished(self, event: RunFinished) -> None:
        from fairlead.cli.view.ending import ending

        text = ending(event.result, self._look, output=self._output)
        if not self._folding:
            self._writer.write(f"\n{text}")
            return
        self._writer.line("\n".join(self._folding.guard(text.rstrip("\n").split("\n"))))
        if notes := self._folding.annotations(event.result):
            self._writer.line("\n".join(notes))

    def _output(self, failure: "StepFailure") -> list[str]:
        job = failure.job
        return self._failed.get((job.job, len(job.attempts), one_line(failure.step.name)), [])


def _ended(event: StepFinished, step: _Step) -> str:
    if event.reused:
        return one_line(event.reason).removesuffix(f": {step.name}") or "reused"
    why = event.reason or (f"exit code {event.code}" if event.code else "")
    words = [f"{event.outcome} after {duration(event.seconds)}"]
    if step.tests:
        failed = f", {step.failed:,} failed" if step.failed else ""
        words.append(f"{plural(step.tests, 'test')}{failed}")
    return ", ".join(words) + (f": {one_line(why)}" if why else "")
