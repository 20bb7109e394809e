"""How a deployment is shown: its events as lines, or as a picture that keeps itself up to date."""

import os
import threading
import time
from collections.abc import Mapping
from typing import IO, Protocol

import msgspec

from fairlead.cli.view.base import Writer
from fairlead.cli.view.canvas import Canvas
from fairlead.cli.view.clean import clean, one_line
from fairlead.cli.view.look import Look, cells, is_terminal, look_of
from fairlead.cli.view.words import clock, duration
from fairlead.model.deployment import (
    AnyDeployEvent,
    DeployFinished,
    DeployNotice,
    DeployOutcome,
    DeployStarted,
    PhaseEnded,
    PhaseOutput,
    PhaseStarted,
    encode_deploy_event,
)

_PERIOD = 0.1
_LOOKS = {
    DeployOutcome.LIVE: "passed",
    DeployOutcome.REFUSED: "failed",
    DeployOutcome.ROLLED_BACK: "failed",
    DeployOutcome.FAILED: "errored",
    DeployOutcome.CANCELLED: "cancelled",
}
_SPINS = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")


class DeploySink(Protocol):
    """Takes the events of a deployment in their order, and is closed at its end."""

    def __call__(self, event: AnyDeployEvent, /) -> None:
        """Take one event."""
        ...

    def close(self) -> None:
        """Leave the stream as it was found."""
        ...


def choose_deploy_view(
    stream: IO[str], environ: Mapping[str, str], *, events: bool = False, plain: bool = False
) -> DeploySink:
    """JSON lines where ``events`` are wanted, else a picture on a terminal, else lines."""
    if events:
        return JsonLines(stream)
    look = look_of(stream, environ)
    capable = is_terminal(stream) and environ.get("TERM", "dumb") != "dumb"
    return LiveDeployment(stream, look) if capable and not plain else Lines(stream, look)


class JsonLines:
    """Every event as a line of JSON."""

    def __init__(self, stream: IO[str]) -> None:
        self._writer = Writer(stream)

    def __call__(self, event: AnyDeployEvent) -> None:
        """Take one event."""
        self._writer.line(encode_deploy_event(event).decode())

    def close(self) -> None:
        """Nothing is held back."""


class Lines:
    """A line for each thing that happens; what phases write stands below them."""

    def __init__(self, stream: IO[str], look: Look) -> None:
        self._writer = Writer(stream)
        self._look = look
        self._width = 0

    def __call__(self, event: AnyDeployEvent) -> None:
        """Take one event."""
        if isinstance(event, DeployStarted):
            self._width = max(map(cells, event.hosts), default=0)
            self._say(self._look.style(title(event), "bold"))
        elif isinstance(event, PhaseEnded):
            if not event.skipped:
                self._host(event.host, phase_line(event, self._look))
        elif isinstance(event, PhaseOutput):
            self._host(event.host, self._look.style(f"  {clean(event.text)}", "dim"))
        elif isinstance(event, DeployNotice):
            self._say(notice(event, self._look))
        elif isinstance(event, DeployFinished):
            self._say(ending(event, self._look))

    def close(self) -> None:
        """Nothing is held back."""

    def _host(self, host: str, text: str) -> None:
        name = f"{host}{' ' * (self._width - cells(host))} | " if host else ""
        self._say(f"{name}{text}")

    def _say(self, text: str) -> None:
        self._writer.line(self._look.plain(text))


class HostState(msgspec.Struct):
    """A host in the picture: what it has behind it, what it does, what it wrote last."""

    done: int = 0
    phase: str = ""
    since: float = 0.0
    note: str = ""
    bad: bool = False
    line: str = ""


class LiveDeployment:
    """Draws a row for each host ten times a second; what failed, and the end, stay."""

    def __init__(self, stream: IO[str], look: Look) -> None:
        self._writer = Writer(stream)
        self._look = look
        self._canvas = Canvas(self._writer)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._painter = threading.Thread(target=self._paint, name="view", daemon=True)
        self._title = ""
        self._began = time.time()
        self._hosts: dict[str, HostState] = {}
        self._lasting: list[str] = []
        self._output: dict[tuple[str, str], list[str]] = {}

    def __call__(self, event: AnyDeployEvent) -> None:
        """Take one event."""
        with self._lock:
            self._apply(event)
        if isinstance(event, DeployFinished):
            self._finish(event)
        elif self._painter.ident is None:
            self._painter.start()

    def close(self) -> None:
        """Stop drawing; without an end its last picture stays."""
        self._ended.set()
        if self._painter.is_alive():
            self._painter.join()

    def _apply(self, event: AnyDeployEvent) -> None:
        if isinstance(event, DeployStarted):
            self._title, self._began = title(event), event.time
            self._hosts = {host: HostState() for host in event.hosts}
        elif isinstance(event, PhaseStarted):
            host = self._of(event.host)
            host.phase, host.since, host.line = str(event.phase), event.time, ""
        elif isinstance(event, PhaseOutput):
            self._of(event.host).line = one_line(event.text)
            kept = self._output.setdefault((event.host, event.phase), [])
            kept.append(clean(event.text))
        elif isinstance(event, PhaseEnded):
            self._phase_ended(event)
        elif isinstance(event, DeployNotice):
            self._lasting.append(notice(event, self._look))

    def _phase_ended(self, event: PhaseEnded) -> None:
        host = self._of(event.host)
        written = self._output.pop((event.host, event.phase), [])
        host.phase, host.line = "", ""
        if event.skipped:
            return
        host.done += 1
        if event.ok:
            host.note = f"{event.phase} {duration(event.seconds)}"
            return
        host.bad, host.note = True, f"{event.phase}: {one_line(event.note)}"
        if event.note != "stopped":
            name = self._look.style(event.host, "bold")
            self._lasting.append(f"{name} {phase_line(event, self._look)}")
            self._lasting += [self._look.style(f"  {line}", "dim") for line in written[-25:]]

    def _of(self, host: str) -> HostState:
        return self._hosts.setdefault(host, HostState())

    def _paint(self) -> None:
        while not self._ended.wait(_PERIOD):
            self.draw(time.time())

    def draw(self, now: float) -> None:
        """Draw the picture of this moment."""
        columns = _columns(self._writer.stream, self._look)
        with self._lock:
            lasting, self._lasting = self._lasting, []
            rows = self._rows(now, columns - 1)
        if lasting:
            self._canvas.clear(columns)
            self._writer.write("".join(f"{self._look.plain(line)}\n" for line in lasting))
        self._canvas.draw(rows, columns)

    def _rows(self, now: float, width: int) -> list[str]:
        look = self._look
        spent = clock(now - self._began)
        head = look.clip(self._title or "connecting", width - len(spent) - 2)
        gap = " " * max(width - cells(head) - len(spent), 1)
        rows = [f"{look.style(head, 'bold')}{gap}{look.style(spent, 'dim')}"]
        names = max(map(cells, self._hosts), default=0)
        for name, host in self._hosts.items():
            rows.append(self._row(name, host, names, now, width))
        return [look.plain(row) for row in rows]

    def _row(self, name: str, host: HostState, names: int, now: float, width: int) -> str:
        look = self._look
        padded = name + " " * (names - cells(name))
        if host.phase:
            spins = _SPINS[0 if look.unicode else 1]
            sign = look.style(spins[int(now * 10) % len(spins)], "running")
            spent = now - host.since
            doing = f"{host.phase} {clock(spent)}" if spent >= 1 else host.phase
            text = f"{doing}  {host.line}" if host.line else doing
        else:
            sign = look.symbol("failed" if host.bad else "passed" if host.done else "waiting")
            text = host.note
        return f"  {sign} {padded}  {look.style(look.clip(text, width - names - 7), 'dim')}"

    def _finish(self, event: DeployFinished) -> None:
        self.close()
        self._canvas.clear(_columns(self._writer.stream, self._look))
        with self._lock:
            lines = [*self._lasting, ending(event, self._look)]
        self._writer.write("".join(f"{self._look.plain(line)}\n" for line in lines))


def title(event: DeployStarted) -> str:
    """``production: release 8 (1a2b3c) in place of 9f8e7d``."""
    name = f"release {event.release} ({event.version})" if event.release else event.version
    name = name or "the release before"
    what = f"back to {name}" if event.kind == "rollback" else name
    before = f" in place of {event.previous}" if event.previous else ""
    forced = ", by force" if event.forced else ""
    return f"{event.environment}: {what}{before}{forced}"


def phase_line(event: PhaseEnded, look: Look) -> str:
    """``✓ upload 0.14 s (0.1 MB)``."""
    sign = look.symbol("passed" if event.ok else "failed")
    note = one_line(event.note)
    if not event.ok:
        return f"{sign} {event.phase}: {note}"
    return f"{sign} {event.phase} {duration(event.seconds)}{f' ({note})' if note else ''}"


def notice(event: DeployNotice, look: Look) -> str:
    """``note: …`` or ``warning: …``."""
    word = look.style("warning", "yellow") if event.warning else "note"
    return f"{word}: {one_line(event.text)}"


def ending(event: DeployFinished, look: Look) -> str:
    """The last line: how it ended, and why."""
    name = _LOOKS[event.outcome]
    word = look.style(str(event.outcome), name)
    sentence = "\n  ".join(clean(line) for line in event.sentence.splitlines())
    return f"{look.symbol(name)} {word} after {duration(event.seconds)}: {sentence}"


def _columns(stream: IO[str], look: Look) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or look.width
    except (OSError, ValueError, AttributeError):
        return look.width
