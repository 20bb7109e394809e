"""Files that jobs leave for people: from the run's folder into storage, told as an event."""

from collections.abc import Iterator
from pathlib import Path

from fairlead.errors import FairleadError
from fairlead.model import Event, Notice, RunResult
from fairlead.model.plan import Value
from fairlead.server.logs.storage import Storage
from fairlead.server.store.models import Build

_BLOCK = 1 << 20


class Kept(Value, frozen=True, kw_only=True):
    """One file: of job ``job``, called ``path`` there, ``size`` bytes under ``key`` in storage.

    ``days`` is for how long it is kept (0: as long as its build).
    """

    job: str
    path: str
    key: str
    size: int
    days: int = 0


class ArtifactsKept(Event, frozen=True, kw_only=True):
    """What a run's jobs left behind is in storage; recorded before the run's end."""

    files: tuple[Kept, ...]


def keep_artifacts(
    build: Build, result: RunResult, folder: Path, storage: Storage, time: float
) -> list[Event]:
    """Store the artifacts of a run, whose own ``folder`` holds them, and return what to record.

    Keys hold no name that a job chose. A file that cannot be kept is a notice, not an error.
    """
    days = {job.id: job.artifacts.days for job in result.plan.jobs}
    kept: list[Kept] = []
    events: list[Event] = []
    for job in result.jobs:
        for name in job.artifacts:
            key = f"artifacts/{build.pk // 1000}/{build.pk}/{build.job_id}-{len(kept)}"
            try:
                size = storage.write(key, _pieces(folder / "artifacts" / job.job / name))
            except (FairleadError, OSError) as error:
                text = f"the artifact {name} was not kept: {error}"
                events.append(Notice(time=time, job=job.job, text=text))
                continue
            days_kept = days.get(job.job, 0)
            kept.append(Kept(job=job.job, path=name, key=key, size=size, days=days_kept))
    if kept:
        events.append(ArtifactsKept(time=time, files=tuple(kept)))
    return events


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_BLOCK):
            yield piece
