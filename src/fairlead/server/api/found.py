"""The rows that a path names, as far as whoever asks may see them."""

from fairlead.errors import NotFound
from fairlead.server.access import Scope
from fairlead.server.api.guard import Request, allow
from fairlead.server.services import projects
from fairlead.server.store.builds import BuildQuerySet
from fairlead.server.store.models import Attempt, Build, Job, Project

_HEAVY = ("build__plan", "build__result", "build__trigger")


def project_of(request: Request, name: str) -> Project:
    """Raises ``NotFound`` also for projects that a limited token does not know."""
    project = projects.by_name(name)
    if not _seen(request, project.pk):
        raise NotFound(f"there is no project {name[:100]!a}")
    return project


def build_of(request: Request, name: str, number: int, rows: BuildQuerySet | None = None) -> Build:
    """A build without its heavy columns, or from ``rows``."""
    chosen = Build.objects.listed() if rows is None else rows
    build = chosen.filter(project__name=name, number=number).first() if "\0" not in name else None
    if build is None or not _seen(request, build.project_id):
        raise NotFound(f"there is no build {number} of a project {name[:100]!a}")
    return build


def job_of(request: Request, name: str, number: int, place: int) -> Job:
    """A job without its result; its build is read with it."""
    chosen = Job.objects.select_related("build").defer("result", *_HEAVY)
    rows = chosen.filter(build__project__name=name, build__number=number, place=place - 1)
    job = rows.first() if "\0" not in name else None
    if job is None or not _seen(request, job.build.project_id):
        raise NotFound(f"there is no job {place} of build {number} of a project {name[:100]!a}")
    return job


def attempt_of(
    request: Request, name: str, number: int, place: int, attempt: int | None
) -> Attempt:
    """One attempt at a job, by default the last."""
    job = job_of(request, name, number, place)
    rows = Attempt.objects.filter(job=job).order_by("-number")
    if attempt is not None:
        rows = rows.filter(number=attempt)
    found = rows.first()
    if found is None:
        raise NotFound(f"job {job} has not begun" if attempt is None else f"no attempt {attempt}")
    return found


def everything(request: Request, scope: Scope) -> None:
    """Raises ``Refused`` where whoever asks may not for the whole installation."""
    allow(request.actor, scope, None)


def _seen(request: Request, project_id: int) -> bool:
    return request.actor.project_id in (None, project_id)
