"""Deployments that a server carries out: asked for, and told as those of our own are."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import quote

import msgspec

from fairlead.client.api import Api
from fairlead.client.stream import LOOK, Stream, looking
from fairlead.client.values import Answer, StreamAddress
from fairlead.model.deployment import (
    AnyDeployEvent,
    DeployFinished,
    DeployNotice,
    DeployOutcome,
    DeployPhase,
    DeployStarted,
    PhaseEnded,
    PhaseOutput,
    PhaseStarted,
)

_OPEN = ("held", "queued", "running")
_BETWEEN, _EVERY = 0.25, 2.0  # seconds between two looks, and until one is due anyway
_AT_ONCE = 200


class Phase(Answer, frozen=True, kw_only=True):
    """A phase on a host, or for all of them where ``host`` is empty."""

    phase: DeployPhase
    host: str = ""
    state: str = "running"
    started: str = ""
    seconds: float = 0.0
    note: str = ""


class Deployment(Answer, frozen=True, kw_only=True):
    """A deployment as the server tells of it."""

    project: str
    number: int
    environment: str
    state: str
    kind: str = "deploy"
    sentence: str = ""
    reason: str = ""
    release: int | None = None
    version: str = ""
    commit: str = ""
    previous: str = ""
    hosts: tuple[str, ...] = ()
    by: str = ""
    forced: bool = False
    started: str | None = None
    finished: str | None = None
    seconds: float = 0.0
    live: Mapping[str, str] = msgspec.field(default_factory=dict)
    url: str = ""
    phases: tuple[Phase, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self.state not in _OPEN


class Line(Answer, frozen=True, kw_only=True):
    """A line that was written."""

    number: int
    kind: str = "output"
    phase: str = ""
    host: str = ""
    time: str = ""
    text: str = ""


class _Lines(Answer, frozen=True, kw_only=True):
    items: tuple[Line, ...] = ()


def ask(
    api: Api, project: str, environment: str, verb: str, body: Mapping[str, object]
) -> Deployment:
    """Have a server deploy (``deployments``) or go back (``rollback``)."""
    place = f"{_project(project)}/environments/{quote(environment, safe='')}/{verb}"
    return api.connection.post(place, Deployment, body)


def follow(api: Api, first: Deployment) -> Iterator[AnyDeployEvent]:
    """What happens, until its end; events are as those of a deployment of our own."""
    place = f"{_project(first.project)}/deployments/{first.number}"
    telling = _Telling()
    asked = 0.0
    stream = Stream(
        api.connection, lambda: api.connection.get(f"{place}/stream", StreamAddress).url
    )
    with looking(stream, _EVERY) as events:
        for event in events:
            if event.event not in (LOOK, "changed", "end"):
                continue
            time.sleep(max(asked + _BETWEEN - time.monotonic(), 0.0))
            asked = time.monotonic()
            now = api.connection.get(place, Deployment)
            yield from telling.beginning(now)
            yield from _lines(api, place, telling)
            yield from telling.ending(now)
            if now.ended:
                return


def _lines(api: Api, place: str, telling: "_Telling") -> Iterator[AnyDeployEvent]:
    while True:
        found = api.connection.get(f"{place}/lines", _Lines, after=telling.seen, limit=_AT_ONCE)
        yield from telling.lines(found.items)
        if len(found.items) < _AT_ONCE:
            return


class _Telling:
    """What of a deployment was told already."""

    def __init__(self) -> None:
        self.seen = 0
        self._begun = False
        self._reason = ""
        self._phases = 0
        self._over: set[int] = set()

    def beginning(self, now: Deployment) -> Iterator[AnyDeployEvent]:
        """Why it waits, that it began, and which phases did."""
        if now.reason != self._reason and not now.ended:
            self._reason = now.reason
            if now.reason:
                yield DeployNotice(time=time.time(), text=now.reason)
        if now.started and not self._begun:
            self._begun = True
            yield _started(now)
        for phase in now.phases[self._phases :]:
            yield PhaseStarted(time=_seconds(phase.started), phase=phase.phase, host=phase.host)
        self._phases = max(self._phases, len(now.phases))

    def lines(self, items: tuple[Line, ...]) -> Iterator[AnyDeployEvent]:
        """What was written since."""
        for line in items:
            self.seen = line.number
            when = _seconds(line.time)
            if line.phase:
                phase = DeployPhase(line.phase)
                yield PhaseOutput(time=when, phase=phase, host=line.host, text=line.text)
            else:
                yield DeployNotice(time=when, text=line.text, warning=line.kind == "warning")

    def ending(self, now: Deployment) -> Iterator[AnyDeployEvent]:
        """Which phases are over, and how it ended."""
        for place, phase in enumerate(now.phases[: self._phases]):
            if phase.state != "running" and place not in self._over:
                self._over.add(place)
                yield PhaseEnded(
                    time=_seconds(phase.started) + phase.seconds,
                    phase=phase.phase,
                    host=phase.host,
                    ok=phase.state in ("passed", "skipped"),
                    skipped=phase.state == "skipped",
                    seconds=phase.seconds,
                    note=phase.note,
                )
        if now.ended:
            yield _finished(now)


def _started(now: Deployment) -> DeployStarted:
    return DeployStarted(
        time=_seconds(now.started),
        environment=now.environment,
        release=now.release or 0,
        version=now.version,
        commit=now.commit,
        hosts=now.hosts,
        previous=now.previous,
        by=now.by,
        kind=now.kind,
        forced=now.forced,
    )


def _finished(now: Deployment) -> DeployFinished:
    known = [outcome.value for outcome in DeployOutcome]
    # One that lost its worker: nobody can say more than that.
    outcome = DeployOutcome(now.state) if now.state in known else DeployOutcome.FAILED
    return DeployFinished(
        time=_seconds(now.finished),
        outcome=outcome,
        sentence=now.sentence or now.reason or now.state,
        seconds=now.seconds,
        live=tuple(now.live.items()),
    )


def _seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else time.time()


def _project(name: str) -> str:
    return f"/api/v1/projects/{quote(name, safe='')}"
