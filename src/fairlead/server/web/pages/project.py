"""A project's settings, the secret of its webhooks, and running a build by hand."""

import secrets
from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.errors import FairleadError, TriggerInvalid, UsageError
from fairlead.server.access import Actor, Scope
from fairlead.server.links import base_url, build_path
from fairlead.server.services import projects as service
from fairlead.server.storage import open_storage
from fairlead.server.store.models import Project
from fairlead.server.web.answer import show
from fairlead.server.web.forms import RULES, RunForm, SettingsForm
from fairlead.server.web.gate import admits_to_project
from fairlead.triggers.rules import Rules, read_rules

_GROUPS = (
    ("Repository", ("enabled", "default_branch", "url", "poll_every", "protected")),
    ("What is built", ("events", "branches", "tags", "paths", "approve", "drafts", "forks")),
    ("Schedule", ("cron", "zone", "skip_built")),
    ("Workers", ("labels", "concurrency", "priority", "cancel_superseded")),
    ("How long builds are kept", ("keep_days", "keep_builds")),
)
_FORGES = ("github", "gitlab", "gitea")


@require_http_methods(["GET", "POST"])
@admits_to_project(Scope.ADMIN)
def settings_page(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """See and change them."""
    rules = _rules(project)
    form = SettingsForm(request.POST or None, initial=_initial(project, rules))
    if project.kind == Project.Kind.HOSTED:
        del form.fields["url"], form.fields["poll_every"]
    if request.method == "POST" and form.is_valid():
        try:
            if "url" in form.changed_data:
                service.check_remote(form.cleaned_data["url"])
            service.change(project, **_changes(project, form.cleaned_data))
        except FairleadError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(f"/p/{project.name}/settings/")
    return _show_settings(request, actor, project, form, "")


@never_cache
@require_POST
@admits_to_project(Scope.ADMIN)
def new_secret(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """Make another secret for webhooks and show it this once."""
    secret = secrets.token_urlsafe(30)
    service.change(project, webhook_secret=secret)
    form = SettingsForm(initial=_initial(project, _rules(project)))
    return _show_settings(request, actor, project, form, secret)


@require_POST
@admits_to_project(Scope.ADMIN)
def remove(request: HttpRequest, actor: Actor, project: Project) -> HttpResponseRedirect:
    """Remove it with all that is kept of it, where its name was written to confirm that."""
    from django.conf import settings

    del actor
    if request.POST.get("name") != project.name:
        raise UsageError(
            f"{project.name} is still there: its name was not written as it is",
            hint="write the project's name beside the button",
        )
    service.remove(project, open_storage(settings.FAIRLEAD))
    messages.success(request, f"{project.name} and all of it was removed.")
    return HttpResponseRedirect("/")


@require_http_methods(["GET", "POST"])
@admits_to_project(Scope.BUILD)
def run(request: HttpRequest, actor: Actor, project: Project) -> HttpResponse:
    """Build a branch, a tag or a commit, with parameters."""
    initial = {"ref": request.GET.get("ref") or project.default_branch}
    declared = read_rules(project.triggers).parameters
    form = RunForm(request.POST or None, initial=initial, declared=declared)
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(_start(project, form, actor))
        except FairleadError as error:
            form.add_error(None, str(error))
    return show(request, actor, "run.html", here="projects", tab="run", project=project, form=form)


def _start(project: Project, form: RunForm, actor: Actor) -> str:
    from fairlead.server.services.manual import start

    told = form.cleaned_data
    build = start(
        project,
        branch=told["ref"] if told["what"] == "branch" else "",
        tag=told["ref"] if told["what"] == "tag" else "",
        commit=told["ref"] if told["what"] == "commit" else "",
        parameters=form.given(),
        jobs=told["jobs"],
        labels=told["labels"] or None,
        author=actor.name if actor.known else "",
    )
    return build_path(project.name, build.number)


def _show_settings(
    request: HttpRequest, actor: Actor, project: Project, form: SettingsForm, secret: str
) -> HttpResponse:
    from django.conf import settings

    base = base_url(settings.FAIRLEAD)
    groups = [
        (title, [form[name] for name in names if name in form.fields]) for title, names in _GROUPS
    ]
    return show(
        request,
        actor,
        "settings.html",
        here="projects",
        tab="settings",
        project=project,
        form=form,
        groups=groups,
        secret=secret,
        hooks=[f"{base}/hooks/{forge}/{project.name}" for forge in _FORGES],
        clone=f"{base}/git/{project.name}.git",
    )


def _rules(project: Project) -> Rules:
    try:
        return read_rules(project.triggers)
    except TriggerInvalid:
        # Shown as they would be by default, so that they can be set right.
        return Rules()


def _initial(project: Project, rules: Rules) -> dict[str, Any]:
    columns = {name: getattr(project, name) for name in SettingsForm.base_fields.keys() - RULES}
    return columns | {name: getattr(rules, name) for name in RULES}


def _changes(project: Project, told: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in told.items() if name not in RULES}
    rules = {name: told[name] for name in RULES}
    questions = _rules(project).parameters
    if questions is not None:
        rules["parameters"] = msgspec.to_builtins(questions)
    return kept | {"triggers": rules}
