"""From what the collecting plugins append to their file to events, while a step runs."""

import time
from collections.abc import Callable
from pathlib import Path

from fairlead.model import Event, TestCase, TestFinished, TestsCollected
from fairlead.runner.collect.tail import Tail
from fairlead.runner.collect.wire import Collected, Finished, Reader, StepMark


class Follower:
    """Reads one attempt's events file; ``cases`` fills up with the tests of all its steps."""

    def __init__(
        self,
        path: Path,
        *,
        job: str,
        attempt: int,
        emit: Callable[[Event], None],
        on_mark: Callable[[StepMark], None] | None = None,
    ) -> None:
        self.step = 0
        self.cases: list[TestCase] = []
        self._tail = Tail(path)
        self._reader = Reader()
        self._job = job
        self._attempt = attempt
        self._emit = emit
        self._on_mark = on_mark

    def tick(self) -> bool:
        """Take in what is new; true when there was something."""
        data = self._tail.read()
        if not data:
            return False
        for message in self._reader.feed(data):
            self._take(message)
        return True

    def _take(self, message: Collected | Finished | StepMark) -> None:
        where = {"job": self._job, "attempt": self._attempt, "step": self.step}
        match message:
            case Finished(case=case):
                self.cases.append(case)
                self._emit(TestFinished(time=time.time(), case=case, **where))  # type: ignore[arg-type]
            case Collected(count=count):
                self._emit(TestsCollected(time=time.time(), count=count, **where))  # type: ignore[arg-type]
            case StepMark():
                if self._on_mark:
                    self._on_mark(message)
