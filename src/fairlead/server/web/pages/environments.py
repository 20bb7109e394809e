"""Where a project is deployed to: what is live there, what waits for it, and the buttons."""

from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fairlead.errors import FairleadError, UsageError
from fairlead.model.environment import Environment as Specification
from fairlead.server.access import Actor, Scope
from fairlead.server.links import deployment_path, environment_path, environments_path
from fairlead.server.services import deployments as service
from fairlead.server.services import looking, reviews
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.environments import branch_of, named
from fairlead.server.services.pending import Pending, pending
from fairlead.server.store.figures import figures
from fairlead.server.store.models import Deployment, Environment, Project, Release
from fairlead.server.store.pages import newest
from fairlead.server.streams.tokens import stream_path
from fairlead.server.web import deploying
from fairlead.server.web.answer import show
from fairlead.server.web.filters import number_of
from fairlead.server.web.forms_of_deploying import DeployForm
from fairlead.server.web.gate import admits_to_project
from fairlead.server.web.words import one_line

_RELEASES, _DEPLOYMENTS = 10, 30


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """An environment: ``next`` is what its button would deploy, ``back`` what it goes back to."""

    environment: Environment
    specification: Specification
    hosts: list[deploying.Host]
    pending: Pending | None
    under_way: list[Deployment]
    last: Deployment | None
    next: Release | None
    back: Release | None

    @property
    def told(self) -> str:
        """What came of the last one."""
        return deploying.sentence_of(self.last) if self.last else ""

    @property
    def shown(self) -> list[deploying.Host]:
        """Hosts that are not as they should be."""
        return [host for host in self.hosts if host.healthy is False or host.maintenance]

    @property
    def rule(self) -> str:
        """What goes there, in words."""
        names = [*self.specification.branches, *self.specification.tags]
        if self.specification.review:
            return "each pull request gets one of its own, after a green build"
        if number := self.environment.pull_request:
            return f"pull request {one_line(number)}, after a green build"
        what = " or ".join(one_line(name) for name in names) or "any branch"
        how = "after a green build" if self.specification.automatic else "by hand"
        agreed = ", agreed to by a second person" if self.specification.approval else ""
        return f"{what}, {how}{agreed}"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """The environment of a pull request: its addresses, and the state it is in."""

    environment: Environment
    addresses: tuple[str, ...]
    state: str
    word: str
    why: str
    deployment: Deployment | None


@require_safe
@admits_to_project(Scope.READ)
def show_environments(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """All of them, and the newest releases."""
    found = Environment.objects.listed().present().filter(project=project)
    proposed = list(found.exclude(pull_request="").order_by("place", "id"))
    rows = list(found.filter(pull_request=""))
    under_way, last = deploying.under_way(project), deploying.last_of([*rows, *proposed])
    listed = Release.objects.listed().filter(project=project).order_by("-id")
    return show(
        request,
        actor,
        "environments.html",
        here="projects",
        tab="environments",
        stream=stream_path("all"),
        project=project,
        cards=[_card(project, row, under_way.get(row.pk, []), last.get(row.pk)) for row in rows],
        reviews=[_review(row, under_way.get(row.pk, []), last.get(row.pk)) for row in proposed],
        releases=listed[:_RELEASES],
        **_may(actor, project),
    )


@require_safe
@admits_to_project(Scope.READ)
def show_environment(
    request: HttpRequest, actor: Actor, project: Project, name: str
) -> HttpResponse:
    """One of them with its history and figures."""
    row = named(project, name)
    before = number_of(request.GET, "before")
    rows = Deployment.objects.listed().filter(environment=row)
    page = newest(rows, before=before, count=_DEPLOYMENTS)
    last = deploying.last_of([row]).get(row.pk)
    card = _card(project, row, deploying.under_way(project).get(row.pk, []), last)
    return show(
        request,
        actor,
        "environment.html",
        here="projects",
        tab="environments",
        stream=stream_path("all") if before is None else "",
        project=project,
        card=card,
        figures=figures(row),
        history=[(one, deploying.sentence_of(one)) for one in page.items],
        older=page.older,
        **_may(actor, project),
    )


@require_http_methods(["GET", "POST"])
@admits_to_project(Scope.DEPLOY)
def deploy(
    request: HttpRequest, actor: Actor, project: Project, name: str
) -> HttpResponse | HttpResponseRedirect:
    """Deploy something: the form, or what was chosen in it."""
    row = named(project, name)
    ready = Release.objects.listed().filter(project=project, state=Release.State.READY)
    ready = ready.filter(pull_request=row.pull_request)
    form = DeployForm(
        request.POST or None,
        environment=row,
        releases=list(ready.order_by("-id")[:50]),
        force=actor.may(Scope.ADMIN, project.pk),
        initial={"what": "release", "release": request.GET.get("release", "")},
    )
    if request.method == "POST" and form.is_valid():
        wish = service.Wish(hosts=form.cleaned_data["hosts"], force=form.cleaned_data["force"])
        try:
            made = service.ask(row, form.wanted(), actor.name, wish)
        except FairleadError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(deployment_path(project.name, made.number))
    return show(
        request, actor, "deploy.html", here="projects", project=project, environment=row, form=form
    )


@require_POST
@admits_to_project(Scope.DEPLOY)
def deploy_now(
    request: HttpRequest, actor: Actor, project: Project, name: str
) -> HttpResponseRedirect:
    """Deploy the release that the button names."""
    row = named(project, name)
    _confirmed(request, row)
    made = service.ask(row, Wanted(release=number_of(request.POST, "release")), actor.name)
    return HttpResponseRedirect(deployment_path(project.name, made.number))


@require_POST
@admits_to_project(Scope.DEPLOY)
def roll_back(
    request: HttpRequest, actor: Actor, project: Project, name: str
) -> HttpResponseRedirect:
    """Go back to what was live before."""
    row = named(project, name)
    made = service.roll_back(row, actor.name, to=number_of(request.POST, "release"))
    return HttpResponseRedirect(deployment_path(project.name, made.number))


@require_POST
@admits_to_project(Scope.BUILD)
def look(request: HttpRequest, actor: Actor, project: Project, name: str) -> HttpResponseRedirect:
    """Have the hosts asked what they serve."""
    del actor
    row = named(project, name)
    looking.look(row)
    messages.info(request, "The hosts are being asked; what they say appears here.")
    return HttpResponseRedirect(environment_path(project.name, row.name))


@require_POST
@admits_to_project(Scope.DEPLOY)
def remove(request: HttpRequest, actor: Actor, project: Project, name: str) -> HttpResponseRedirect:
    """Have a pull request's environment removed."""
    row = named(project, name)
    reviews.end(row, actor.name)
    messages.info(request, f"{row.name} is being removed from its hosts.")
    return HttpResponseRedirect(environments_path(project.name))


def _card(
    project: Project, row: Environment, under_way: list[Deployment], last: Deployment | None
) -> Card:
    from django.conf import settings

    row.project = project
    specification = row.read()
    elsewhere = bool(row.pull_request) or specification.review
    branch = branch_of(specification, project.default_branch)
    return Card(
        environment=row,
        specification=specification,
        hosts=deploying.hosts_of(row, specification),
        pending=None if elsewhere else pending(settings.FAIRLEAD, project, row.live_commit, branch),
        under_way=under_way,
        last=last,
        next=service.next_release(row) if row.active else None,
        back=service.before(row) if row.active else None,
    )


def _review(row: Environment, under_way: list[Deployment], last: Deployment | None) -> Review:
    told = row.read()
    scheme = "https" if told.tls else "http"
    newest = under_way[-1] if under_way else last
    bad = newest is not None and newest.state not in ("live", "queued", "running", "cancelled")
    if row.closing:
        state, word = ("failed" if row.trouble else "running"), "being removed"
    elif under_way:
        state, word = under_way[-1].state, "being deployed"
    elif row.live_version:
        state, word = "passed", "live"
    else:
        state, word = ("failed" if bad else "queued"), "nothing live yet"
    return Review(
        environment=row,
        addresses=tuple(f"{scheme}://{one}/" for one in told.domains if "*" not in one),
        state=state,
        word=word,
        why=row.trouble or (deploying.sentence_of(newest) if newest and bad else ""),
        deployment=newest,
    )


def _confirmed(request: HttpRequest, row: Environment) -> None:
    if row.read().confirm and request.POST.get("name") != row.name:
        raise UsageError(f"write {row.name} to confirm", hint="it is what its pipeline file asks")


def _may(actor: Actor, project: Project) -> dict[str, Any]:
    return {"may_deploy": actor.may(Scope.DEPLOY, project.pk)}
