"""What pages show of environments and deployments."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import Max
from django.db.models.functions import Now

from fairlead.model.deployment import DeployPhase as Phase
from fairlead.model.environment import Environment as Specification
from fairlead.server.store.models import (
    DEPLOYMENT_OPEN,
    Deployment,
    DeploymentState,
    DeployPhase,
    Environment,
    Project,
    Worker,
)
from fairlead.server.store.waiting import SILENT
from fairlead.server.web.words import one_line

_SAID = {
    DeploymentState.HELD: "Waits for a second person",
    DeploymentState.QUEUED: "Waits for a worker",
    DeploymentState.RUNNING: "Under way",
    DeploymentState.LIVE: "Live",
    DeploymentState.REFUSED: "Refused: nothing was changed",
    DeploymentState.ROLLED_BACK: "Rolled back: what was live before is live again",
    DeploymentState.FAILED: "Failed: somebody has to look",
    DeploymentState.CANCELLED: "Cancelled",
    DeploymentState.LOST: "Its worker was lost",
}
_ORDER = {phase.value: place for place, phase in enumerate(Phase)}


class Cell(msgspec.Struct, frozen=True):
    """A phase on a host: ``place`` in the deployment, and whether it wrote something."""

    place: int
    state: str
    seconds: float
    note: str
    written: bool


class Row(msgspec.Struct, frozen=True):
    """A phase over all hosts: ``cells`` in the order of the columns; ``all`` is for every host."""

    phase: str
    cells: tuple[tuple[str, tuple[Cell, ...]], ...]
    all: tuple[Cell, ...]


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A host as it was when it was looked at."""

    address: str
    roles: str
    version: str = ""
    release: int = 0
    slot: str = ""
    warm: str = ""
    healthy: bool | None = None
    maintenance: bool = False
    note: str = ""

    @property
    def word(self) -> tuple[str, str]:
        """A state's colour, and how the host is."""
        if self.maintenance:
            return "held", "in maintenance"
        if self.healthy is None:
            return "queued", "not looked at"
        return ("passed", "well") if self.healthy else ("failed", "not well")


def sentence_of(deployment: Deployment) -> str:
    """What came of it, else why it waits, else its state in words."""
    running = deployment.state == DeploymentState.RUNNING
    said = deployment.sentence or ("" if running else deployment.reason)
    line = one_line(said, 300)
    # Its state stands in front of it everywhere.
    begin, colon, rest = line.partition(": ")
    if colon and begin.lower() == deployment.state:
        line = rest
    if not line:
        return _SAID[DeploymentState(deployment.state)]
    word = line.partition(" ")[0]
    return line if word == deployment.version else line[:1].upper() + line[1:]


def why_waiting(deployment: Deployment) -> str:
    """Why one that could begin has not; empty where it should any moment."""
    if deployment.state != DeploymentState.QUEUED or deployment.job_id is None:
        return ""
    same = Deployment.objects.filter(environment_id=deployment.environment_id)
    running = same.filter(state=DeploymentState.RUNNING).values_list("number", flat=True)
    if ahead := running.first():
        return f"deployment {ahead} is under way there"
    heard = Worker.objects.filter(deploys=True, stopping=False, seen__gt=Now() - SILENT)
    return "" if heard.exists() else "no worker that deploys is running (FAIRLEAD_DEPLOYS)"


def going_on(phases: Sequence[DeployPhase]) -> str:
    """What happens now, in words; empty where nothing does."""
    now = [phase for phase in phases if phase.state == DeployPhase.State.RUNNING]
    if not now:
        return ""
    last = now[-1].phase
    hosts = [one_line(phase.host, 60) for phase in now if phase.phase == last and phase.host]
    where = f" on {', '.join(shortened(hosts)[:4])}" if hosts else ""
    return f"{last[:1].upper()}{last[1:]}{where}"


def shortened(hosts: Sequence[str]) -> list[str]:
    """Host names without the domain that all of them share; addresses as they are."""
    parts = [host.split(".") for host in hosts]
    if len(parts) < 2 or any(part[-1].isdecimal() for part in parts):  # noqa: PLR2004
        return list(hosts)
    least = min(len(part) for part in parts) - 1
    shared = 0
    while shared < least and len({part[-1 - shared] for part in parts}) == 1:
        shared += 1
    return [".".join(part[: len(part) - shared]) for part in parts]


def under_way(project: Project) -> dict[int, list[Deployment]]:
    """Deployments without an end, by environment; the newest first."""
    rows = Deployment.objects.listed().filter(project=project, state__in=DEPLOYMENT_OPEN)
    found: dict[int, list[Deployment]] = {}
    for deployment in rows.order_by("-id")[:200]:
        found.setdefault(deployment.environment_id, []).append(deployment)
    return found


def last_of(environments: Sequence[Environment]) -> dict[int, Deployment]:
    """The newest deployment with an end, by environment."""
    rows = Deployment.objects.filter(environment__in=[one.pk for one in environments])
    ended = rows.exclude(state__in=DEPLOYMENT_OPEN).order_by()
    newest = ended.values("environment").annotate(last=Max("id")).values_list("last", flat=True)
    found = Deployment.objects.listed().filter(pk__in=list(newest))
    return {deployment.environment_id: deployment for deployment in found}


def hosts_of(environment: Environment, specification: Specification) -> list[Host]:
    """The hosts of the pipeline file, with what was seen of each."""
    seen = {str(one.get("host", "")): one for one in environment.hosts if isinstance(one, dict)}
    return [
        _host(host.address, ", ".join(host.roles), seen.get(str(host), seen.get(host.address, {})))
        for host in specification.hosts
    ]


def grid_of(phases: Sequence[DeployPhase], hosts: Sequence[str], written: set[int]) -> list[Row]:
    """A row a phase, in the order in which phases come."""
    labels = shortened([one_line(host) for host in hosts])
    rows: dict[str, dict[str, list[Cell]]] = {}
    for phase in phases:
        cell = Cell(
            phase.place,
            phase.state,
            phase.seconds,
            one_line(phase.note),
            phase.pk in written,
        )
        rows.setdefault(phase.phase, {}).setdefault(phase.host, []).append(cell)
    names = sorted(rows, key=lambda name: _ORDER.get(name, len(_ORDER)))
    return [
        Row(
            name,
            tuple(
                (label, tuple(rows[name].get(host, ())))
                for label, host in zip(labels, hosts, strict=True)
            ),
            tuple(rows[name].get("", ())),
        )
        for name in names
    ]


def _host(address: str, roles: str, seen: dict[str, Any]) -> Host:
    healthy = seen.get("healthy")
    return Host(
        address=one_line(address),
        roles=roles,
        version=one_line(str(seen.get("version", ""))),
        release=int(seen.get("release", 0) or 0),
        slot=one_line(str(seen.get("slot", ""))),
        warm=one_line(str(seen.get("warm", ""))),
        healthy=healthy if isinstance(healthy, bool) else None,
        maintenance=bool(seen.get("maintenance", False)),
        note=one_line(str(seen.get("note", ""))),
    )
