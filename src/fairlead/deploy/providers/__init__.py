"""Ways of deploying: to hosts over SSH, to Heroku, and by a script. One way in for all of them."""

import asyncio
import importlib
import os
from typing import TYPE_CHECKING, Final

from fairlead.deploy.order import DeployOrder, Order, RollbackOrder
from fairlead.deploy.telling import Emit
from fairlead.errors import UsageError
from fairlead.model.deployment import DeployFinished
from fairlead.model.environment import Environment
from fairlead.model.plan import Pairs

if TYPE_CHECKING:
    from fairlead.deploy.providers.base import Way
    from fairlead.deploy.rollout import Connect

__all__ = ["check_hosts", "deploy", "rollback"]

TOKEN: Final = "HEROKU_API_KEY"  # noqa: S105 — its name
"""The one secret that may also be a variable of whoever deploys, as Heroku's own program has it."""

_SSH: Final = "ssh"
_WAYS: Final = {
    "heroku": "fairlead.deploy.providers.heroku:Heroku",
    "script": "fairlead.deploy.providers.script:Script",
}
"""Module and class by ``Environment.provider``; a class takes the order."""


async def deploy(
    order: DeployOrder, emit: Emit, stop: asyncio.Event, *, connect: "Connect"
) -> DeployFinished:
    """Bring a release to an environment, however it is deployed to; as ``rollout.deploy``."""
    check_hosts(order.environment, order.hosts)
    if order.environment.provider == _SSH:
        from fairlead.deploy.rollout import deploy as by_ssh

        return await by_ssh(order, emit, stop, connect=connect)
    from fairlead.deploy.rules import check

    check(order.environment, order.release, forced=order.forced)
    return await _carry(order, emit, stop)


async def rollback(
    order: RollbackOrder, emit: Emit, stop: asyncio.Event, *, connect: "Connect"
) -> DeployFinished:
    """Go back to an earlier release, however it is deployed to; as ``rollout.rollback``."""
    check_hosts(order.environment, order.hosts)
    if order.environment.provider == _SSH:
        from fairlead.deploy.rollout import rollback as by_ssh

        return await by_ssh(order, emit, stop, connect=connect)
    return await _carry(order, emit, stop)


def check_hosts(environment: Environment, hosts: tuple[str, ...]) -> None:
    """Raises ``UsageError`` where nothing can be deployed to these hosts, whatever it were."""
    if environment.review:
        raise UsageError(
            f"{environment.name} is the pattern of places for pull requests",
            hint=f"fairlead review {environment.name} NUMBER deploys one of them",
        )
    if environment.provider == _SSH:
        from fairlead.deploy.rules import chosen_hosts

        chosen_hosts(environment, hosts)
    elif hosts:
        raise UsageError(f"{environment.name} has no hosts of its own to choose from")


async def _carry(order: Order, emit: Emit, stop: asyncio.Event) -> DeployFinished:
    from fairlead.deploy.providers.carrying import carry
    from fairlead.deploy.rules import check_secrets

    check_secrets(order.environment, with_token(order.secrets))
    return await carry(order, way_of(order), emit, stop)


def with_token(secrets: Pairs) -> Pairs:
    """Secrets, and the token of whoever deploys where it is none of them."""
    token = os.environ.get(TOKEN)
    return secrets if token is None or TOKEN in dict(secrets) else (*secrets, (TOKEN, token))


def way_of(order: Order) -> "Way":
    """What carries an order out where there are no hosts of ours."""
    module, _, name = _WAYS[order.environment.provider].partition(":")
    way: Way = getattr(importlib.import_module(module), name)(order)
    return way
