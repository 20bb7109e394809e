"""For a terminal: a picture of the run that keeps itself up to date, then the ending."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING

import msgspec

from fairlead.cli.view.base import Writer
from fairlead.cli.view.canvas import Canvas
from fairlead.cli.view.frame import frame
from fairlead.cli.view.look import Look
from fairlead.cli.view.state import RunState
from fairlead.cli.view.tail import Tail
from fairlead.model import Event, Output, RunFinished, RunResult, StepFinished, StepStarted

if TYPE_CHECKING:
    from fairlead.cli.view.failures import StepFailure

_PERIOD = 0.125
_SHOWN = 30


class LiveView:
    """Draws at most eight times a second, from a thread of its own; events only change numbers.

    ``expected`` is what each job took the last time, in seconds by job id; ``word`` is what is
    shown, a run or a build.
    """

    def __init__(
        self, stream: IO[str], look: Look, expected: Mapping[str, float], word: str = "run"
    ) -> None:
        self._writer = Writer(stream)
        self._look = look
        self._state = RunState(expected, word)
        self._canvas = Canvas(self._writer)
        self._tails = FailedSteps()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._painter = threading.Thread(target=self._paint, name="view", daemon=True)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if type(event) is Output:
            self._state.apply(event)
            return
        if isinstance(event, RunFinished):
            self._finish(event.result)
            return
        with self._lock:
            self._tails.before(event, self._state)
            self._state.apply(event)
        if self._painter.ident is None:
            self._painter.start()

    def close(self) -> None:
        """Stop drawing; without an end of the run its last picture stays."""
        self._stop()

    def _stop(self) -> None:
        self._ended.set()
        if self._painter.is_alive() and self._painter is not threading.current_thread():
            self._painter.join()

    def _paint(self) -> None:
        # The wait comes first: a run that ends at once never draws a picture.
        while not self._ended.wait(_PERIOD):
            self.draw(time.time())

    def draw(self, now: float) -> None:
        """Draw the picture of this moment."""
        columns, rows = _size_of(self._writer.stream, self._look)
        self._look = msgspec.structs.replace(self._look, width=columns)
        with self._lock:
            lines = frame(self._state, self._look, now=now, height=max(rows - 1, 4))
        self._canvas.draw(lines, columns)

    def finish(self, text: str) -> None:
        """Take the picture away and write ``text`` in its place."""
        self._stop()
        columns, _ = _size_of(self._writer.stream, self._look)
        self._canvas.clear(columns)
        self._writer.write(text)

    def _finish(self, result: RunResult) -> None:
        from fairlead.cli.view.ending import ending

        columns, _ = _size_of(self._writer.stream, self._look)
        look = msgspec.structs.replace(self._look, width=columns)
        self.finish(ending(result, look, output=self._tails.output))


class FailedSteps:
    """The last lines of the steps that did not pass, for the ending."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._lines: dict[tuple[str, int, str], Sequence[str]] = {}

    def before(self, event: Event, state: RunState) -> None:
        """Look at an event before ``state`` forgets the step that it ends."""
        if isinstance(event, StepStarted):
            self._names[event.job] = event.name
        elif isinstance(event, StepFinished) and event.outcome != "passed":
            job = state.jobs.get(event.job)
            self.keep(event, self._names.get(event.job, ""), job.tail if job else None)

    def keep(self, event: StepFinished, name: str, tail: Tail | None) -> None:
        """Keep the end of a step's output."""
        if tail:
            self._lines[event.job, event.attempt, name] = tail.lines(last=_SHOWN)

    def output(self, failure: "StepFailure") -> Sequence[str]:
        """The kept lines of one failing step."""
        job = failure.job
        return self._lines.get((job.job, len(job.attempts), failure.step.name), ())


def _size_of(stream: IO[str], look: Look) -> tuple[int, int]:
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return look.width, 24
    return size.columns or look.width, size.lines or 24
