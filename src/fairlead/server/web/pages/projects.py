"""All projects: how each is, how it was lately, what runs now; and adding one."""

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from fairlead.errors import FairleadError
from fairlead.server.access import Actor, Scope
from fairlead.server.services import projects as service
from fairlead.server.store.models import Build, Project, State
from fairlead.server.store.recent import recent, under_way
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web.answer import show
from fairlead.server.web.bars import Bars, make_bars
from fairlead.server.web.filters import text_of
from fairlead.server.web.forms import ProjectForm
from fairlead.server.web.gate import admits
from fairlead.server.web.sentence import sentence_of

_AT_ONCE = 20


class Row(msgspec.Struct, frozen=True):
    """A project; ``last`` is its newest build with a verdict, if any, ``now`` what is under way."""

    project: Project
    last: Build | None
    sentence: str
    bars: Bars
    now: str


@require_safe
@admits(Scope.READ)
def show_projects(request: HttpRequest, actor: Actor) -> HttpResponse:
    """By name, some at once; ``after`` is the last name of the page before."""
    rows = Project.objects.order_by("name").defer("triggers")
    if words := text_of(request.GET, "q"):
        rows = rows.filter(name__contains=words.lower())
    if after := text_of(request.GET, "after"):
        rows = rows.filter(name__gt=after)
    found = list(rows[: _AT_ONCE + 1])
    more = found[_AT_ONCE - 1].name if len(found) > _AT_ONCE else ""
    return show(
        request,
        actor,
        "projects.html",
        here="projects",
        stream=stream_path("all"),
        rows=_rows(found[:_AT_ONCE]),
        more=more,
        words=words,
        searchable=bool(words or after or more),
    )


@require_http_methods(["GET", "POST"])
@admits(Scope.ADMIN)
def add_project(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Host a repository, or mirror one."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.check_remote(form.cleaned_data["url"])
            project = service.create(**form.cleaned_data)
        except FairleadError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{project.name} is there.")
            return HttpResponseRedirect(f"/p/{project.name}/")
    return show(request, actor, "add.html", here="projects", form=form)


def _rows(projects: list[Project]) -> list[Row]:
    keys = [project.pk for project in projects]
    builds, now = recent(keys), under_way(keys)
    return [_row(project, builds[project.pk], now[project.pk]) for project in projects]


def _row(project: Project, builds: list[Build], now: dict[str, int]) -> Row:
    last = next((build for build in builds if build.ended), builds[0] if builds else None)
    order = (State.RUNNING, State.QUEUED, State.HELD)
    told = ", ".join(f"{now[state]} {state.value}" for state in order if now.get(state))
    return Row(project, last, sentence_of(last) if last else "", make_bars(builds), told)
