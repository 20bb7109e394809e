"""Making places for reviews and removing them, in the process that does nothing else."""

import time
from collections.abc import Callable

from fairlead.deploy.order import DeployOrder
from fairlead.deploy.review import prepare, take_away
from fairlead.model.deployment import AnyDeployEvent, DeployNotice
from fairlead.server.engine.apart.orders import Remove, Removed
from fairlead.server.engine.apart.signing import signing_in
from fairlead.settings import Settings


async def make_place(
    order: DeployOrder, emit: Callable[[AnyDeployEvent], None], settings: Settings
) -> None:
    """Make the hosts ready for it, where they are not yet. Raises as ``prepare`` does."""

    def tell(host: str, line: str) -> None:
        emit(DeployNotice(time=time.time(), text=f"{host}: {line}"))

    values = [value for _, value in order.secrets]
    await prepare(order.environment, settings=settings, secrets=values, tell=tell)


async def remove(told: Remove) -> Removed:
    """Everything of it from all its hosts. Raises ``FairleadError``; it can be done again."""
    with signing_in(told) as settings:
        return Removed(hosts=await take_away(told.environment, settings=settings))
