"""``git push -o deploy=ENVIRONMENT``: what is pushed is deployed there once its build passed."""

from collections.abc import Sequence

import msgspec

from fairlead.errors import DeploymentRefused, FairleadError
from fairlead.server.access import Actor, Scope
from fairlead.server.configuration import Configuration
from fairlead.server.hosting.push import Taken
from fairlead.server.links import base_url, deployment_path
from fairlead.server.services import deployments
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.environments import named
from fairlead.server.store.models import Deployment, Environment, Project
from fairlead.triggers.push import wants_no_build

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
            url = base_url(told) + deployment_path(project.name, made.number)
            waits = f" ({made.reason})" if made.reason else ""
            lines.append(f"deployment {made.number} to {name}: {url}{waits}")
    return msgspec.structs.replace(taken, also=tuple(lines))


def _asked(environment: Environment, taken: Taken, actor: Actor) -> Deployment:
    """The same push may be told of twice, where the database was away."""
    rows = Deployment.objects.filter(environment=environment, build=taken.build_id, by=actor.name)
    known = rows.first()
    return known or deployments.ask(environment, Wanted(build=taken.number), actor.name)
