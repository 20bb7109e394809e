"""The builds of a project, newest first."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fairlead.server.access import Actor, Scope
from fairlead.server.links import base_url
from fairlead.server.store.models import Build, Project, State
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web.answer import show
from fairlead.server.web.filters import EVENTS, find, read_chosen
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.sentence import sentence_of
from fairlead.server.web.words import one_line

_COMMIT = 10


class Row(msgspec.Struct, frozen=True):
    """A build in a list; ``subject`` is the first line of its commit's message."""

    build: Build
    sentence: str
    subject: str
    commit: str
    author: str


@require_safe
@admits_to_project(Scope.READ)
def show_builds(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """A page of them, as the filters say."""
    from django.conf import settings

    chosen = read_chosen(request.GET)
    page = find(project, chosen)
    return show(
        request,
        actor,
        "builds.html",
        here="projects",
        tab="builds",
        stream=stream_path("all") if chosen.before is None else "",
        project=project,
        rows=[row_of(build) for build in page.items],
        chosen=chosen,
        older=chosen.query(page.older) if page.older else "",
        newest=chosen.query(),
        states=("open", *State),
        events=EVENTS,
        clone=f"{base_url(settings.FAIRLEAD)}/git/{project.name}.git",
    )


def row_of(build: Build) -> Row:
    """What a list shows of a build."""
    return Row(
        build,
        sentence_of(build),
        one_line(build.message),
        build.commit[:_COMMIT],
        one_line(build.author.split("<")[0], 60),
    )
