"""Carrying a deployment out, in the process that does nothing else."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fairlead.deploy.layout import user_of
from fairlead.deploy.providers import deploy, rollback
from fairlead.deploy.ssh import connect
from fairlead.model.deployment import AnyDeployEvent
from fairlead.release.reading import read_release
from fairlead.release.signing import trusted_keys
from fairlead.server.engine.apart.orders import Deploy, RollBack
from fairlead.server.engine.apart.signing import signing_in
from fairlead.settings import Settings


async def carry_out(
    told: Deploy | RollBack, emit: Callable[[AnyDeployEvent], None], stop: asyncio.Event
) -> None:
    """To its end; raises ``FairleadError`` for what must not even begin."""
    with signing_in(told) as settings:
        await _carry_out(told, emit, stop, settings)


async def _carry_out(
    told: Deploy | RollBack,
    emit: Callable[[AnyDeployEvent], None],
    stop: asyncio.Event,
    settings: Settings,
) -> None:
    _check(told, settings.config)
    way = partial(connect, user=user_of(told.order.environment), settings=settings)
    if isinstance(told, Deploy) and told.review:
        from fairlead.server.engine.apart.reviewing import make_place

        await make_place(told.order, emit, settings)
    if isinstance(told, Deploy):
        await deploy(told.order, emit, stop, connect=way)
    else:
        await rollback(told.order, emit, stop, connect=way)


def _check(told: Deploy | RollBack, config: Path) -> None:
    """The file is what was made, whatever storage it lay in."""
    release = told.order.release
    if release and release.file:
        trusted = {told.trusted, *trusted_keys(config)} - {""}
        read_release(Path(release.file), trusted=trusted, deep=False)
