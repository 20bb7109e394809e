"""Asking for deployments, agreeing to them, ending them, and moving on those that wait."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from fairlead.errors import Conflict, DeploymentRefused, UsageError
from fairlead.model.environment import Environment as Specification
from fairlead.server.engine.enqueue import hand, withdraw
from fairlead.server.engine.queues import RUN_DEPLOYMENT
from fairlead.server.services import choosing, environments, releases
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.environments import Goods
from fairlead.server.store.counting import next_number
from fairlead.server.store.fields import clean
from fairlead.server.store.models import (
    DEPLOYMENT_OPEN,
    Build,
    Deployment,
    DeploymentState,
    Environment,
    Release,
    State,
)
from fairlead.server.store.notify import tell_deployment

AUTOMATIC = "automatic"
"""Who asked for what nobody asked for."""

_LOOKED_AT = 100
_ROLLBACK_FIRST = 10
"""The priority of going back, among what waits."""


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; ``person`` is false for a token that is nobody's own."""

    name: str
    person: bool = True


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How it is wanted: on ``hosts`` alone (none for all), over the rules with ``force``."""

    hosts: Sequence[str] = ()
    force: bool = False
    automatic: bool = False


def ask(environment: Environment, wanted: Wanted, by: str, wish: Wish | None = None) -> Deployment:
    """Have something deployed; what is not built or packaged yet is, and is waited for.

    Raises ``DeploymentRefused`` for what must not go there by the rules (unless forced),
    ``UsageError`` for what there is not, ``Conflict`` for an environment that is no more.
    """
    wish = wish or Wish()
    specification = _usable(environment, wish)
    if not environment.project.enabled:
        raise Conflict(f"project {environment.project} is disabled", hint="enable it to deploy it")
    found = choosing.choose(environment, wanted, by)
    goods = Goods(branch=found.branch, tag=found.tag, tested=found.tested)
    overruled = environments.objections(specification, goods)
    if overruled and not wish.force:
        raise DeploymentRefused(
            "; ".join(overruled), hint="who may administrate the project can force it"
        )
    with transaction.atomic():
        return _create(
            environment,
            wish,
            kind="deploy",
            build=found.build,
            release=found.release,
            commit=found.commit,
            version=found.commit[:12],
            branch=found.branch,
            by=by,
            overruled="; ".join(overruled),
            held=specification.approval,
        )


def roll_back(
    environment: Environment, by: str, *, to: int | None = None, wish: Wish | None = None
) -> Deployment:
    """Have the release before what is live, or release ``to``, take its place again.

    Needs no approval: it is the way out, and leads only to what was live there. Raises
    ``UsageError`` where there is nothing before it, and for what was not.
    """
    wish = wish or Wish()
    _usable(environment, wish)
    release = _lived(environment, to) if to else before(environment)
    if release is None:
        raise UsageError(f"nothing was live in {environment} before what is live now")
    if release.state != Release.State.READY:
        raise UsageError(f"{release} is not kept any more: it is {release.state}")
    with transaction.atomic():
        return _create(
            environment,
            wish,
            kind="rollback",
            build=release.build,
            release=release,
            commit=release.commit,
            version=release.version,
            branch=release.branch,
            by=by,
        )


def before(environment: Environment) -> Release | None:
    """The release that was live before what is live now, where it is still kept."""
    lived = Deployment.objects.listed().filter(environment=environment, state="live")
    lived = lived.exclude(commit=environment.live_commit).order_by("-id")
    return next((one.release for one in lived[:1]), None)


def _lived(environment: Environment, number: int) -> Release:
    release = releases.by_number(environment.project, number)
    lived = Deployment.objects.filter(environment=environment, state=DeploymentState.LIVE)
    if not lived.filter(release=release).exists():
        raise UsageError(
            f"{release} was never live in {environment}",
            hint="deploy it: then what the environment asks for holds",
        )
    return release


def next_release(environment: Environment) -> Release | None:
    """The newest release that may go there, unless it is live."""
    specification, project = environment.read(), environment.project
    ready = Release.objects.listed().filter(project=project, state=Release.State.READY)
    ready = ready.filter(pull_request=environment.pull_request)
    for release in ready.order_by("-id")[:_LOOKED_AT]:
        fits = bool(environment.pull_request) or environments.wants(
            specification, branch=release.branch, tag=release.tag, default=project.default_branch
        )
        if fits and release.tested:
            return release if release.commit != environment.live_commit else None
    return None


def approve(deployment: Deployment, who: Asker) -> None:
    """Let one go on that waits for a second person.

    Raises ``Conflict`` where it does not wait, ``DeploymentRefused`` for whoever asked for it.
    """
    if not who.person:
        raise DeploymentRefused("a person has to agree: this token is nobody's own")
    with transaction.atomic():
        now = _locked(deployment)
        if now.state != DeploymentState.HELD:
            raise Conflict(f"deployment {now.number} does not wait for approval")
        if now.by == who.name:
            raise DeploymentRefused(
                f"somebody else than {who.name} has to agree",
                hint=f"{now.environment} asks for a second person",
            )
        now.state, now.approved_by, now.approved = DeploymentState.QUEUED, who.name, timezone.now()
        now.save(update_fields=["state", "approved_by", "approved"])
        _move_on(now)


def cancel(deployment: Deployment, by: str) -> bool:
    """End one; false where it has ended. A running one stops where that is safe, and goes back."""
    with transaction.atomic():
        now = _locked(deployment)
        if now.ended:
            return False
        if now.state == DeploymentState.RUNNING:
            Deployment.objects.filter(pk=now.pk).update(
                stopping=True, reason=clean(f"cancelled by {by}")
            )
            tell_deployment(now.pk)
        else:
            _end(now, DeploymentState.CANCELLED, f"cancelled by {by}")
        if now.job_id is not None:
            withdraw(now.job_id)
    return True


def move_on(**which: Any) -> int:
    """Look again at those that wait for a build or release, such as ``release=…``; how many."""
    rows = Deployment.objects.filter(state=DeploymentState.QUEUED, job_id=None, **which)
    found = list(rows.order_by("id").values_list("id", flat=True)[:500])
    for pk in found:
        with transaction.atomic():
            now = _locked(Deployment(pk=pk))
            if now.state == DeploymentState.QUEUED and now.job_id is None:
                _move_on(now)
    return len(found)


def _usable(environment: Environment, wish: Wish) -> Specification:
    if environment.pull_request and not environment.active:
        raise Conflict(f"pull request {environment.pull_request} was closed")
    if not environment.active:
        raise Conflict(f"{environment} is not in the pipeline file any more")
    specification = environment.read()
    known = [host.address for host in specification.hosts]
    if unknown := [host for host in wish.hosts if host not in known]:
        raise UsageError(
            f"{environment} has no host {unknown[0][:100]!a}", hint=f"hosts: {', '.join(known)}"
        )
    return specification


def _create(
    environment: Environment, wish: Wish, *, by: str, held: bool = False, **columns: Any
) -> Deployment:
    deployment = Deployment(
        project=environment.project,
        environment=environment,
        number=next_number(Deployment, environment.project),
        state=DeploymentState.HELD if held else DeploymentState.QUEUED,
        by=clean(by, 255),
        automatic=wish.automatic,
        forced=bool(columns.get("overruled")),
        only=list(wish.hosts),
        previous=environment.live_version,
        reason="it waits for a second person" if held else "",
        **columns,
    )
    if wish.automatic:
        _supersede(deployment)
    deployment.save()
    if not held:
        _move_on(deployment)
    tell_deployment(deployment.pk)
    return deployment


def _supersede(deployment: Deployment) -> None:
    """What nobody asked for and has not begun makes room for what is newer."""
    waiting = (DeploymentState.QUEUED, DeploymentState.HELD)
    older = Deployment.objects.filter(
        environment=deployment.environment, automatic=True, state__in=waiting
    )
    for old in older.select_for_update(of=("self",)).order_by("id"):
        _end(old, DeploymentState.CANCELLED, f"superseded by deployment {deployment.number}")
        if old.job_id is not None:
            withdraw(old.job_id)


def _move_on(deployment: Deployment) -> None:
    """Give it to a worker, or say what it waits for, or why it comes to nothing."""
    release = deployment.release or _release_of(deployment)
    if release is None:
        return
    deployment.release = release
    if release.state in releases.UNDER_WAY:
        deployment.reason = f"it waits for release {release.number}"
    elif release.state == Release.State.READY:
        deployment.reason = ""
        deployment.committed = release.committed
        deployment.version = release.version
        deployment.job_id = hand(
            RUN_DEPLOYMENT,
            lock=f"environment:{deployment.environment_id}",
            priority=_ROLLBACK_FIRST if deployment.kind == "rollback" else 0,
            deployment_id=deployment.pk,
        )
    else:
        why = f"release {release.number} could not be made: {release.reason}"
        _end(deployment, DeploymentState.REFUSED, why)
        return
    fields = ["release", "reason", "committed", "version", "job_id"]
    deployment.save(update_fields=fields)
    tell_deployment(deployment.pk)


def _release_of(deployment: Deployment) -> Release | None:
    """The release of the build it waits for, made now if that passed; else the row says why."""
    build = deployment.build
    if build is None:
        _end(deployment, DeploymentState.REFUSED, "its build was removed")
    elif not build.ended:
        deployment.reason = f"it waits for build {build.number}"
        deployment.save(update_fields=["reason"])
        tell_deployment(deployment.pk)
    elif build.state != State.PASSED and not deployment.forced:
        _end(deployment, DeploymentState.REFUSED, f"build {build.number} {build.state}")
    else:
        review = bool(deployment.environment.pull_request)
        return releases.make(build, by=deployment.by, review=review)
    return None


def _end(deployment: Deployment, state: DeploymentState, why: str) -> None:
    text = clean(why)
    deployment.state, deployment.reason, deployment.sentence = state, text, text
    deployment.finished = timezone.now()
    deployment.save(update_fields=["state", "reason", "sentence", "finished", "release"])
    tell_deployment(deployment.pk)


def _locked(deployment: Deployment) -> Deployment:
    rows = Deployment.objects.select_related("environment", "project", "build", "release")
    return rows.select_for_update(of=("self",)).get(pk=deployment.pk)


def waiting_for(build: Build) -> bool:
    """Whether a deployment waits for this build."""
    return Deployment.objects.filter(build=build, state__in=DEPLOYMENT_OPEN, job_id=None).exists()
