"""What a worker does beside builds, where it deploys: its tasks, and looking after them."""

import asyncio
from collections.abc import Awaitable, Callable

from procrastinate import App
from procrastinate.job_context import JobContext

from fairlead.runner.places import working_folder
from fairlead.server.engine.adopting import adopt, anything_left
from fairlead.server.engine.carry import Carrier
from fairlead.server.engine.deploying import Means, run_deployment
from fairlead.server.engine.following import follow
from fairlead.server.engine.lookingat import look_at
from fairlead.server.engine.order import Locate
from fairlead.server.engine.packaging import make_release
from fairlead.server.engine.queues import (
    FOLLOW_BUILD,
    LOOK_AT,
    MAKE_RELEASE,
    REMOVE_REVIEW,
    RUN_DEPLOYMENT,
)
from fairlead.server.engine.reviewing import remove_review


def register(app: App, carrier: Carrier, means: Means, locate: Locate) -> None:
    """The tasks of the queue ``deploy``."""
    settings = means.settings

    @app.task(name=FOLLOW_BUILD)
    async def follow_build(build_id: int) -> None:
        await carrier.apart(lambda: follow(build_id, settings, locate))

    @app.task(name=MAKE_RELEASE, pass_context=True)
    async def release(context: JobContext, release_id: int) -> None:
        await make_release(context, release_id, means=means, apart=carrier.apart, locate=locate)

    @app.task(name=RUN_DEPLOYMENT, pass_context=True)
    async def deployment(context: JobContext, deployment_id: int) -> None:
        await run_deployment(
            context, deployment_id, means=means, apart=carrier.apart, worker_id=carrier.worker_id
        )

    @app.task(name=REMOVE_REVIEW, pass_context=True)
    async def remove(context: JobContext, environment_id: int) -> None:
        await remove_review(context, environment_id, means=means, apart=carrier.apart)

    @app.task(name=LOOK_AT)
    async def look(environment_id: int) -> None:
        with working_folder(settings.home) as folder:
            await look_at(environment_id, home=str(folder), told=means.told, apart=carrier.apart)


def adopting(carrier: Carrier, means: Means, every: float) -> Callable[[], Awaitable[None]]:
    """A chore: what processes of dead workers wrote down is stored."""
    home = means.settings.home

    async def look() -> None:
        if anything_left(home):
            await carrier.apart(lambda: adopt(home))
        await asyncio.sleep(every)

    return look
