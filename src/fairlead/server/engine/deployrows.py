"""What the events of a deployment change in the store; each batch whole, once, if it may."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from fairlead.errors import FairleadError
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
from fairlead.server.engine.outcome import moment
from fairlead.server.store.fields import clean
from fairlead.server.store.models import DeployLine, Deployment, DeploymentState, Environment
from fairlead.server.store.models import DeployPhase as Row
from fairlead.server.store.notify import tell_deployment

MOST_LINES = 20_000
_LONGEST = 4000
"""Characters of a line that are kept."""

_OURS = (DeploymentState.RUNNING, DeploymentState.LOST)
"""One that was given up for lost is still its worker's: nobody else carries it on."""


class NotOurs(FairleadError):
    """The deployment is not (any more) this job's to write to."""


class DeployRows:
    """Stores events of one deployment, in order."""

    def __init__(self, deployment_id: int, job_id: int | None) -> None:
        self._id, self._job_id = deployment_id, job_id
        self._recorded = 0
        self._phases: dict[tuple[str, str], Row] = {}
        self._places = 0
        self._lines = 0

    def wipe(self) -> None:
        """Forget what was stored: all of it is to be stored anew, from its journal."""
        with transaction.atomic():
            if not self._row().update(recorded=0, lines=0):
                raise NotOurs(f"deployment {self._id} is not this job's")
            DeployLine.objects.filter(deployment=self._id).delete()
            Row.objects.filter(deployment=self._id).delete()

    def store(self, events: Sequence[AnyDeployEvent]) -> None:
        """A batch. May be called again with the same where that failed. Raises ``NotOurs``."""
        with transaction.atomic():
            after = self._recorded + len(events)
            batch = _Batch(self._id, self._phases, self._places, self._lines)
            for event in events:
                batch.take(event)
            columns = {**batch.columns, "recorded": after, "lines": batch.lines}
            if not self._row().filter(recorded=self._recorded).update(**columns):
                if not self._row().filter(recorded=after).exists():
                    raise NotOurs(f"deployment {self._id} is not this job's")
            else:
                batch.write()
                if finished := batch.finished:
                    _settle(self._id, finished)
                tell_deployment(self._id)
        self._recorded, self._places, self._lines = after, batch.places, batch.lines
        self._phases = batch.phases

    def _row(self) -> Any:
        return Deployment.objects.filter(pk=self._id, job_id=self._job_id, state__in=_OURS)


class _Batch:
    """Events as changes; nothing is kept of it where it cannot be stored."""

    def __init__(
        self, deployment_id: int, phases: dict[tuple[str, str], Row], places: int, lines: int
    ) -> None:
        self.columns: dict[str, Any] = {}
        self.finished: DeployFinished | None = None
        self.phases, self.places, self.lines = dict(phases), places, lines
        self._id = deployment_id
        self._new: list[Row] = []
        self._changed: list[Row] = []
        self._written: list[DeployLine] = []

    def take(self, event: AnyDeployEvent) -> None:
        """One event."""
        if isinstance(event, DeployStarted):
            self._begin(event)
        elif isinstance(event, PhaseStarted):
            self._phase(event)
        elif isinstance(event, PhaseEnded):
            self._end(event)
        elif isinstance(event, PhaseOutput):
            phase = self.phases.get((event.phase, event.host))
            self._line(event, DeployLine.Kind.OUTPUT, phase)
        elif isinstance(event, DeployNotice):
            kind = DeployLine.Kind.WARNING if event.warning else DeployLine.Kind.NOTICE
            self._line(event, kind, None)
        else:
            self._finish(event)

    def write(self) -> None:
        """Rows, in their order."""
        Row.objects.bulk_create(self._new)
        if self._changed:
            Row.objects.bulk_update(self._changed, ("state", "seconds", "note"))
        DeployLine.objects.bulk_create(self._written, batch_size=2000)

    def _begin(self, event: DeployStarted) -> None:
        self.columns |= {
            "hosts": [clean(host, 255) for host in event.hosts],
            "previous": clean(event.previous, 40),
            "version": clean(event.version, 40),
        }

    def _phase(self, event: PhaseStarted | PhaseEnded) -> Row:
        row = Row(
            deployment_id=self._id,
            place=self.places,
            phase=event.phase.value,
            host=clean(event.host, 255),
            started=moment(event.time),
        )
        self.places += 1
        self.phases[event.phase, event.host] = row
        self._new.append(row)
        return row

    def _end(self, event: PhaseEnded) -> None:
        row = self.phases.get((event.phase, event.host))
        if row is None or row.state != Row.State.RUNNING:
            row = self._phase(event)
        elif row not in self._new:
            # A copy: where this cannot be stored, the row is as it was.
            row = Row(**{f.attname: getattr(row, f.attname) for f in Row._meta.concrete_fields})  # noqa: SLF001 — documented
            self.phases[event.phase, event.host] = row
            self._changed.append(row)
        done = Row.State.SKIPPED if event.skipped else Row.State.PASSED
        row.state = done if event.ok else Row.State.FAILED
        row.seconds, row.note = event.seconds, clean(event.note, _LONGEST)
        if event.phase is DeployPhase.SWITCH and event.ok and not event.skipped:
            self.columns.setdefault("switched", moment(event.time))

    def _line(
        self, event: PhaseOutput | DeployNotice, kind: DeployLine.Kind, phase: Row | None
    ) -> None:
        text = event.text
        if kind is DeployLine.Kind.OUTPUT and self.lines >= MOST_LINES:
            if self.lines > MOST_LINES:
                return
            kind, phase, text = DeployLine.Kind.NOTICE, None, "more was written than is kept"
        self.lines += 1
        self._written.append(
            DeployLine(
                deployment_id=self._id,
                number=self.lines,
                phase=phase,
                kind=kind,
                time=moment(event.time),
                text=clean(text, _LONGEST),
            )
        )

    def _finish(self, event: DeployFinished) -> None:
        self.finished = event
        self.columns |= {
            "state": DeploymentState(event.outcome.value),
            "sentence": clean(event.sentence),
            "seconds": event.seconds,
            "finished": moment(event.time),
            "live": [[clean(host), clean(version)] for host, version in event.live],
            "reason": "",
        }


def _settle(deployment_id: int, event: DeployFinished) -> None:
    """What is live in the environment from now on, and phases that nobody will end."""
    running = Row.objects.filter(deployment=deployment_id, state=Row.State.RUNNING)
    running.update(state=Row.State.LOST)
    deployment = Deployment.objects.get(pk=deployment_id)
    if event.outcome is not DeployOutcome.LIVE or deployment.only:
        return
    Environment.objects.filter(pk=deployment.environment_id).update(
        live=deployment.release_id,
        live_version=deployment.version,
        live_commit=deployment.commit,
        live_since=timezone.now(),
        live_by=deployment.by,
    )
