"""From what the collecting plugins append to their file to events, while a step runs."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from fairlead.model import Event, TestCase, TestFinished, TestsCollected
from fairlead.runner.collect.tail import Tail
from fairlead.runner.collect.wire import Collected, Finished, Reader, StepMark


class Follower:
    """Reads one attempt's events file; ``cases`` fills up with the tests of all its steps.

    ``on_mark`` tells whether it has taken a mark; one that it has not is shown to it again at the
    next tick, and what stands behind it in the file waits.
    """

    def __init__(
        self,
        path: Path,
        *,
        job: str,
        attempt: int,
        emit: Callable[[Event], None],
        on_mark: Callable[[StepMark], bool] | None = None,
    ) -> None:
        self.step = 0
        self.cases: list[TestCase] = []
        self._tail = Tail(path)
        self._reader = Reader()
        self._job = job
        self._attempt = attempt
        self._emit = emit
        self._on_mark = on_mark
        self._waiting: deque[Collected | Finished | StepMark] = deque()

    def tick(self) -> bool:
        """Take in what is new; true when there was something."""
        data = self._tail.read()
        if data:
            self._waiting.extend(self._reader.feed(data))
        while self._waiting and self._take(self._waiting[0]):
            self._waiting.popleft()
        return bool(data)

    def end_step(self) -> None:
        """Name the test that took its process along, so that its end is not lost with it."""
        self.tick()
        for case in self._reader.lost():
            self._take(Finished(case=case))

    def _take(self, message: Collected | Finished | StepMark) -> bool:
        where = {"job": self._job, "attempt": self._attempt, "step": self.step}
        match message:
            case Finished(case=case):
                self.cases.append(case)
                self._emit(TestFinished(time=time.time(), case=case, **where))  # type: ignore[arg-type]
            case Collected(count=count):
                self._emit(TestsCollected(time=time.time(), count=count, **where))  # type: ignore[arg-type]
            case StepMark():
                return self._on_mark is None or self._on_mark(message)
        return True
