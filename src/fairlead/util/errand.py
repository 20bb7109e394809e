"""A call carried out beside other work, in a thread of its own, and waited for where it is needed.

For work that waits (for git, for a helper to start), not for work that computes.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Errand(Generic[T]):
    """Starts ``work`` at once. What it returns or raises comes out of ``result``.

    Leaving the result is allowed: then nobody learns how it ended.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._value: T
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="errand")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end, however it comes."""
        self._thread.join()

    def result(self) -> T:
        """Wait for the end; what was raised is raised here, each time."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 — it belongs to whoever asks for the result
            self._error = error


class Later:
    """Work that is begun as an errand when its time has come, or not at all."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._errand: Errand[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether it is, or will be, done."""
        return self._errand is not None

    def begin(self) -> None:
        """Start it; nothing where that was done before. Not for two threads at once."""
        if self._errand is None:
            self._errand = Errand(self._work)

    def finish(self) -> None:
        """Return when it is done. Raises what it raises."""
        self.begin()
        if self._errand:
            self._errand.result()

    def wait(self) -> None:
        """Return when nothing of it goes on any more, whatever came of it."""
        if self._errand:
            self._errand.wait()


class Aside:
    """Errands whose results nobody asks for, as long as they have ended when that matters."""

    def __init__(self) -> None:
        self._errands: list[Errand[None]] = []

    def begin(self, work: Callable[[], None]) -> None:
        """Start one. What it raises is lost."""
        self._errands.append(Errand(work))

    def wait(self) -> None:
        """Wait for the end of all that was begun."""
        for errand in self._errands:
            errand.wait()
