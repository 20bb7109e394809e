"""What follows a verdict: environments as the pipeline file has them, a release, deployments."""

import logging

from fairlead.errors import FairleadError
from fairlead.model.environment import Environment as Specification
from fairlead.server.engine.order import Locate
from fairlead.server.engine.reviewing import bring
from fairlead.server.engine.verdicts import may_follow
from fairlead.server.services import deployments, environments, releases
from fairlead.server.services.choosing import Wanted
from fairlead.server.services.deployments import AUTOMATIC, Wish
from fairlead.server.store.fields import clean
from fairlead.server.store.models import Build, Deployment, Environment, Release, State
from fairlead.settings import Settings

log = logging.getLogger(__name__)


def follow(build_id: int, settings: Settings, locate: Locate) -> None:
    """Do it; again is no harm."""
    found = Build.objects.listed().filter(pk=build_id).first()
    if found is None or not found.ended or not may_follow(found):
        return
    if found.state == State.PASSED and not found.only and found.pull_request:
        bring(found)
    elif found.state == State.PASSED and not found.only:
        _of_green(found, settings, locate)
    deployments.move_on(build=found)


def _of_green(build: Build, settings: Settings, locate: Locate) -> None:
    project = build.project
    if build.branch == project.default_branch and not build.tag:
        _renew(build, settings, locate)
    named = Environment.objects.listed().filter(project=project, active=True, pull_request="")
    rows = list(named)
    wanting = [(row, row.read()) for row in rows]
    wanting = [pair for pair in wanting if _wants(pair[1], build)]
    if not wanting and not deployments.waiting_for(build):
        return
    release = releases.make(build)
    for row, specification in wanting:
        if specification.automatic and _is_newest(row, build):
            _deploy(row, release)


def _renew(build: Build, settings: Settings, locate: Locate) -> None:
    """What the file says now; where it is wrong all stays as it was, and the build says why."""
    from fairlead.pipeline.environments import find_environments
    from fairlead.runner.checkout import open_commit

    newer = Build.objects.filter(
        project=build.project, branch=build.branch, state=State.PASSED, number__gt=build.number
    )
    if newer.exists():
        return
    try:
        source = open_commit(locate(build), settings.home, build.commit)
        found = find_environments(source.tree, build.project.name)
    except FairleadError as error:
        log.warning("environments of %s: %s", build.project, error)
        return
    if bad := [str(problem) for problem in found.problems if not problem.warning]:
        notices = [clean(f"environments are as they were: {text}", 1000) for text in bad[:5]]
        Build.objects.filter(pk=build.pk).update(notices=[*build.notices, *notices])
        return
    environments.renew(build.project, found.environments, build.commit)


def _wants(specification: Specification, build: Build) -> bool:
    default = build.project.default_branch
    return environments.wants(specification, branch=build.branch, tag=build.tag, default=default)


def _is_newest(environment: Environment, build: Build) -> bool:
    """Whether nothing newer went, or is on its way, there by itself."""
    if environment.live_commit == build.commit:
        return False
    rows = Deployment.objects.filter(environment=environment)
    return not rows.filter(build__number__gte=build.number, automatic=True).exists()


def _deploy(environment: Environment, release: Release) -> None:
    try:
        deployments.ask(
            environment, Wanted(release=release.number), AUTOMATIC, Wish(automatic=True)
        )
    except FairleadError as error:
        log.warning("%s is not deployed by itself: %s", environment, error)
