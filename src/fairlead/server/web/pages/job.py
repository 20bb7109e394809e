"""A job: how it stands, its steps with their log, its tests, what it left behind."""

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fairlead.errors import StoreError
from fairlead.server.access import Actor, Scope
from fairlead.server.links import build_path, job_path
from fairlead.server.store.models import Artifact, Attempt, Build, Job, Project, State, Step, Test
from fairlead.server.store.tests import BAD
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web.answer import show
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.loglines import View, attempt_log, look_at
from fairlead.server.web.phases import Bar, phase_bars
from fairlead.server.web.words import plain

_TESTS = 50
_ARTIFACTS = 100
_NO_LOG = View(parts=(), lines=0, size=0, offset=0)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the top of the page tells; it is fetched anew when something changes."""

    job: Job
    build: Build
    project: Project
    attempts: list[Attempt]
    attempt: Attempt | None
    bars: list[Bar]
    path: str
    build_path: str

    @property
    def axes(self) -> list[tuple[str, str]]:
        """What tells it from others of its matrix, beside the version of Python."""
        return [(plain(str(n)), plain(str(v))) for n, v, *_ in self.job.axes if n != "python"]


@require_safe
@admits_to_project(Scope.READ)
def show_job(
    request: HttpRequest, actor: Actor, project: Project, number: int, place: int
) -> HttpResponse:
    """The page, or with ``part=head`` its top alone."""
    head = find_head(request, project, number, place)
    if request.GET.get("part") == "head":
        return show(request, actor, "job-head.html", head=head)
    steps = list(head.attempt.steps.all()) if head.attempt else []
    view, trouble = _NO_LOG, ""
    try:
        view = _view(request, head, steps)
    except StoreError as error:
        trouble = str(error)
    artifacts = list(Artifact.objects.filter(job=head.job).order_by("path")[: _ARTIFACTS + 1])
    return show(
        request,
        actor,
        "job.html",
        here="projects",
        head=head,
        view=view,
        trouble=trouble,
        watch=_stream(head, view),
        attempt_query=f"attempt={head.attempt.number}&" if head.attempt else "",
        chosen=_wanted(request) is not None,
        tests=_bad_tests(head),
        artifacts=artifacts[:_ARTIFACTS],
        more_artifacts=len(artifacts) > _ARTIFACTS,
    )


def find_head(request: HttpRequest, project: Project, number: int, place: int) -> Head:
    """The job that the address names, with the attempt it asks for or the newest."""
    job = (
        Job.objects.select_related("build")
        .defer("result", "build__plan", "build__result", "build__trigger")
        .filter(build__project=project, build__number=number, place=place - 1)
        .first()
    )
    if job is None:
        raise Http404(f"build {number} has no job {place}")
    attempts = list(job.attempts.all())
    asked = request.GET.get("attempt", "")
    chosen = [attempt for attempt in attempts if str(attempt.number) == asked]
    if asked and not chosen:
        raise Http404(f"this job has no attempt {asked}")
    attempt = (chosen or attempts)[-1] if attempts else None
    return Head(
        job=job,
        build=job.build,
        project=project,
        attempts=attempts,
        attempt=attempt,
        bars=phase_bars(attempt.phases) if attempt else [],
        path=job_path(project.name, number, place - 1),
        build_path=build_path(project.name, number),
    )


def _view(request: HttpRequest, head: Head, steps: list[Step]) -> View:
    if head.attempt is None:
        return _NO_LOG
    live = _goes_on(head)
    return look_at(attempt_log(head.attempt.pk), steps, _wanted(request), live=live)


def _wanted(request: HttpRequest) -> tuple[int, int] | None:
    first, last = (request.GET.get(name, "") for name in ("first", "last"))
    if not (first.isdecimal() and last.isdecimal() and len(first) < 12 and len(last) < 12):  # noqa: PLR2004
        return None
    return int(first), int(last)


def _stream(head: Head, view: View) -> str:
    """The address of what tells of changes, where there may be some."""
    if head.attempt and _goes_on(head):
        return f"{stream_path('log', head.attempt.pk)}&offset={view.offset}"
    return "" if head.build.ended else stream_path("build", head.build.pk)


def _goes_on(head: Head) -> bool:
    """An attempt whose workers were lost for good stays as it was, when its build has ended."""
    running = head.attempt is not None and head.attempt.state == State.RUNNING
    return running and not head.build.ended


def _bad_tests(head: Head) -> list[Test]:
    if head.attempt is None:
        return []
    rows = Test.objects.filter(attempt=head.attempt, build=head.build, outcome__in=BAD)
    return list(rows.order_by("id")[:_TESTS])
