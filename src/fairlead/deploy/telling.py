"""How a deployment tells what happens: phases with their times, and lines without secrets."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fairlead.errors import FairleadError
from fairlead.model.deployment import (
    AnyDeployEvent,
    DeployNotice,
    DeployPhase,
    DeployStarted,
    PhaseEnded,
    PhaseOutput,
    PhaseStarted,
)
from fairlead.util.redact import Redactor

Emit = Callable[[AnyDeployEvent], None]


class Told:
    """A phase that is under way: what will be said of it at its end, and its lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.note = ""
        self.skipped = False


class Teller:
    """Sends events to ``emit``, with the values of secrets masked in every text."""

    def __init__(self, emit: Emit, secrets: tuple[str, ...] = ()) -> None:
        self._emit = emit
        self._redactor = Redactor(secrets)

    def event(self, event: AnyDeployEvent) -> None:
        """Send an event as it is."""
        self._emit(event)

    def notice(self, text: str, *, warning: bool = False) -> None:
        """Tell something that a person should know."""
        self._emit(DeployNotice(time=time.time(), text=self.masked(text), warning=warning))

    def masked(self, text: str) -> str:
        """A text without secrets."""
        return self._redactor.text(text)

    @contextmanager
    def phase(self, phase: DeployPhase, host: str = "") -> Iterator[Told]:
        """Tell of a phase, whatever comes of it."""

        def say(line: str) -> None:
            self._emit(
                PhaseOutput(time=time.time(), phase=phase, host=host, text=self.masked(line))
            )

        told = Told(say)
        self._emit(PhaseStarted(time=time.time(), phase=phase, host=host))
        began, ok = time.monotonic(), False
        try:
            yield told
            ok = True
        except FairleadError as error:
            told.note = error.message
            raise
        except BaseException:
            told.note = told.note or "stopped"
            raise
        finally:
            ended = PhaseEnded(
                time=time.time(),
                phase=phase,
                host=host,
                ok=ok,
                skipped=told.skipped,
                seconds=time.monotonic() - began,
                note=self.masked(told.note),
            )
            self._emit(ended)


class FirstEvent:
    """Keeps events back until the first one can be sent.

    Whoever listens may fail, as a database does that went away. Hosts must not be left half
    switched for that: nothing more is sent then, and ``broken`` says why.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.broken: Exception | None = None
        self._waiting: list[AnyDeployEvent] | None = []

    def __call__(self, event: AnyDeployEvent) -> None:
        """Take an event."""
        if self._waiting is None:
            self._send(event)
        else:
            self._waiting.append(event)

    def begin(self, first: DeployStarted) -> None:
        """Send the first event and those that waited for it; later calls do nothing."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            for event in (first, *waiting):
                self._send(event)

    def _send(self, event: AnyDeployEvent) -> None:
        if self.broken is not None:
            return
        try:
            self._emit(event)
        except Exception as error:  # noqa: BLE001 — whatever a listener may raise
            self.broken = error
