"""What pushes wish to be deployed: with ``-o deploy=ENVIRONMENT``, or by a deploy remote.

The first is deployed once its build passed; the second has to be in the project already.
"""

from collections.abc import Sequence

import msgspec

from fairlead.errors import DeploymentRefused, FairleadError, UsageError
from fairlead.server.access import Actor, Scope
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import repositories
from fairlead.server.hosting.commands import try_git
from fairlead.server.hosting.push import Taken
from fairlead.server.links import base_url, deployment_path
from fairlead.server.services import deployments, refs
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.environments import named
from fairlead.server.store.models import Deployment, Environment, Project
from fairlead.triggers.push import RefUpdate, wants_no_build

_OPTION = "deploy="


def environments_of(options: Sequence[str]) -> list[str]:
    """The names that are wished for."""
    found = (option.strip() for option in options)
    return [one.removeprefix(_OPTION).strip() for one in found if one.startswith(_OPTION)]


def admit(project_id: int, options: Sequence[str], actor: Actor) -> None:
    """Raises ``FairleadError`` for whoever may not, and environments that are not there."""
    if not actor.may(Scope.DEPLOY, project_id):
        raise DeploymentRefused(
            "this token may not deploy: it lacks the scope deploy", hint="push without -o deploy=…"
        )
    if wants_no_build(options):
        raise DeploymentRefused("what is not built is not deployed", hint="push without ci.skip")
    project = Project.objects.get(pk=project_id)
    for name in environments_of(options):
        named(project, name)


def deploy(
    told: Configuration, project_id: int, taken: Taken, options: Sequence[str], actor: Actor
) -> Taken:
    """Ask for it, for the build of one ref; what came of that is told with it."""
    if not taken.build_id:
        return taken
    project = Project.objects.get(pk=project_id)
    lines = []
    for name in environments_of(options):
        try:
            made = _asked(named(project, name), taken, actor)
        except FairleadError as error:
            lines.append(f"not deployed to {name}: {error.message}")
        else:
            lines.append(_line(told, made))
    return msgspec.structs.replace(taken, also=tuple(lines))


def deploy_pushed(
    told: Configuration, project_id: int, name: str, updates: Sequence[RefUpdate], actor: Actor
) -> list[str]:
    """Ask for what was pushed to the deploy remote of an environment; lines that tell of it.

    Raises ``FairleadError`` for what the project does not have, and as ``deployments.ask`` does.
    """
    project = Project.objects.get(pk=project_id)
    environment = named(project, name)
    if len(updates) != 1 or updates[0].after is None or updates[0].ref.kind == "unusable":
        raise UsageError("push one branch or tag here: it is what is deployed")
    wanted = _on_the_project(told, project, updates[0])
    return [_line(told, deployments.ask(environment, wanted, actor.name))]


def _on_the_project(told: Configuration, project: Project, update: RefUpdate) -> Wanted:
    ref, after = update.ref, update.after or ""
    try:
        if ref.kind == "tag":
            _same_tag(told, project, ref.full, after)
            refs.resolve(told, project, tag=ref.name)
            return Wanted(tag=ref.name)
        refs.resolve(told, project, branch=ref.name, commit=after)
    except UsageError as error:
        url = f"{base_url(told)}/git/{project.name}.git"
        where = f"push it there first: git push {url} {ref.name}"
        mirrored = project.kind == Project.Kind.MIRRORED
        raise UsageError(
            error.message, hint="push it there first" if mirrored else where
        ) from error
    return Wanted(branch=ref.name, commit=after)


def _same_tag(told: Configuration, project: Project, ref: str, pushed: str) -> None:
    """Raise ``UsageError`` where the project's tag is not the one that was pushed."""
    repository = repositories.existing(told, project.name)
    known = try_git("rev-parse", "--verify", "--quiet", ref, repository=repository).stdout
    if known and known.decode().strip() != pushed:
        raise UsageError(f"the tag {ref.removeprefix('refs/tags/')} of {project.name} is another")


def _line(told: Configuration, made: Deployment) -> str:
    url = base_url(told) + deployment_path(made.project.name, made.number)
    waits = f" ({made.reason})" if made.reason else ""
    return f"deployment {made.number} to {made.environment.name}: {url}{waits}"


def _asked(environment: Environment, taken: Taken, actor: Actor) -> Deployment:
    """The same push may be told of twice, where the database was away."""
    rows = Deployment.objects.filter(environment=environment, build=taken.build_id, by=actor.name)
    known = rows.first()
    return known or deployments.ask(environment, Wanted(build=taken.number), actor.name)
