"""One build: the verdict, what failed, its jobs, what is new, where the time went."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.store.models import ENDED, Artifact, Build, Project, State
from fairlead.server.store.waiting import why_waiting
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web.answer import show
from fairlead.server.web.failing import first_failing
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.graph import make_graph
from fairlead.server.web.grid import make_grid
from fairlead.server.web.jobs import JobLine, counts, ordered, read_jobs
from fairlead.server.web.news import make_news, read_told, tests_of
from fairlead.server.web.sentence import sentence_of
from fairlead.server.web.times import make_times, waited
from fairlead.server.web.words import one_line, plain, plural

_JOBS, _FIRST = 100, 40
_ARTIFACTS = 50
_NOTICES = 30


def find_build(project: Project, number: int) -> Build:
    """A build by its number. Raises ``Http404``."""
    found = Build.objects.filter(project=project, number=number).defer("plan", "trigger").first()
    if found is None:
        raise Http404(f"project {project} has no build {number}")
    found.project = project
    return found


@require_safe
@admits_to_project(Scope.READ)
def show_build(request: HttpRequest, actor: Actor, project: Project, number: int) -> HttpResponse:
    """The page, or a further part of its list of jobs."""
    build = find_build(project, number)
    lines = ordered(read_jobs(build))
    start = _start(request, len(lines))
    values: dict[str, Any] = {
        "here": "projects",
        "project": project,
        "build": build,
        "sentence": _sentence(build, lines),
        "total": len(lines),
        "total_words": plural(len(lines), "job"),
        "counts": counts(lines),
    }
    if start:
        return show(request, actor, "jobs.html", **values, **_listed(lines, start, _JOBS))
    first = _JOBS if len(lines) <= _JOBS else _FIRST
    return show(
        request,
        actor,
        "build.html",
        stream="" if build.ended else stream_path("build", build.pk),
        **values,
        **_listed(lines, 0, first),
        **_shown(build, lines),
    )


def _sentence(build: Build, lines: list[JobLine]) -> str:
    if build.state == State.RUNNING and lines:
        done = sum(line.state in ENDED for line in lines)
        return f"{done:,} of {plural(len(lines), 'job')} done"
    return plain(build.sentence) or sentence_of(build)


def _shown(build: Build, lines: list[JobLine]) -> dict[str, Any]:
    told = read_told(build)
    artifacts = list(
        Artifact.objects.filter(job__build=build)
        .order_by("job__place", "path")
        .values_list("id", "path", "size", "job__key")[: _ARTIFACTS + 1]
    )
    tests, tests_note = tests_of(build)
    return {
        "waiting": why_waiting(build) if build.state == State.QUEUED else "",
        "failing": first_failing(lines),
        "grid": make_grid(sorted(lines, key=lambda line: line.place)),
        "graph": make_graph(sorted(lines, key=lambda line: line.place)),
        "times": make_times(build, lines),
        "news": make_news(build, told, lines),
        "skipped": told.skipped[:_NOTICES],
        "notices": [plain(str(text))[:1000] for text in build.notices[:_NOTICES]],
        "artifacts": artifacts[:_ARTIFACTS],
        "more_artifacts": len(artifacts) > _ARTIFACTS,
        "tests": tests,
        "tests_note": tests_note,
        "waited": waited(build),
        "subject": one_line(build.message),
        "message": plain("\n".join(build.message.strip().splitlines()[1:]).strip())[:4000],
        "author": one_line(build.author.split("<")[0], 80),
        "parameters": [(plain(n), plain(str(v))) for n, v in build.parameters.items()][:50],
        "again": build.restart_of_id
        and Build.objects.filter(pk=build.restart_of_id).values_list("number", flat=True).first(),
        "failed": any(line.state != State.PASSED for line in lines),
    }


def _listed(lines: list[JobLine], start: int, count: int) -> dict[str, Any]:
    end = start + count
    return {
        "jobs": lines[start:end],
        "first": start + 1,
        "last": min(end, len(lines)),
        "further": end + 1 if end < len(lines) else 0,
    }


def _start(request: HttpRequest, total: int) -> int:
    """From which of the jobs on (from 0); 0 for the page itself."""
    asked = request.GET.get("from", "")
    number = int(asked) - 1 if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 0  # noqa: PLR2004
    return number if 0 < number < total else 0
