"""Reviews of pull requests: brought after a green build, removed from hosts when they are over."""

import logging

from procrastinate.job_context import JobContext

from fairlead.errors import FairleadError
from fairlead.runner.places import working_folder
from fairlead.server.engine.apart.orders import Refused, Remove, Removed
from fairlead.server.engine.apart.started import start
from fairlead.server.engine.deploying import Apart, Means
from fairlead.server.secrets.reading import deploy_key
from fairlead.server.services import reviews
from fairlead.server.store.models import Build, Environment

log = logging.getLogger(__name__)


def bring(build: Build) -> None:
    """Have it deployed to each environment that its pull request gets by the pipeline file.

    The file is the default branch's: a proposed change says nothing of hosts.
    """
    from fairlead.deploy.review import review_environment

    number = build.pull_request
    if not (number.isascii() and number.isdecimal()):
        return
    for pattern in reviews.patterns(build.project):
        try:
            reviews.bring(build, review_environment(pattern, int(number)))
        except FairleadError as error:
            log.warning("pull request %s has no review by %s: %s", number, pattern.name, error)


async def remove_review(
    context: JobContext, environment_id: int, *, means: Means, apart: Apart
) -> None:
    """The engine's task. What could not be done is kept with the row, and done again later."""
    job_id = context.job.id
    wanted = await apart(lambda: reviews.removing(environment_id, job_id))
    if wanted is None:
        return
    last: Removed | Refused | None = None
    trouble = ""
    try:
        with working_folder(means.settings.home) as folder:
            key = await apart(lambda: _key(environment_id, means))
            process = await start(Remove(folder=str(folder), key=key, environment=wanted))
            async for answer in process.answers():
                if isinstance(answer, Removed | Refused):
                    last = answer
    except FairleadError as error:
        trouble = str(error)
    if isinstance(last, Refused):
        trouble = last.reason
    elif last is None:
        trouble = trouble or "what removes it broke: the worker's log says why"
    await apart(lambda: reviews.end_removal(environment_id, job_id, trouble))


def _key(environment_id: int, means: Means) -> str:
    return deploy_key(means.told, Environment.objects.get(pk=environment_id).project_id)
