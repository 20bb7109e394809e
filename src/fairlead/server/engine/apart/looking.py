"""Asking the hosts of an environment what they serve."""

from fairlead.deploy.look import status_of
from fairlead.server.engine.apart.orders import Look, Looked
from fairlead.server.engine.apart.signing import signing_in


async def look(told: Look) -> Looked:
    """What each host says; one that cannot be asked says why."""
    with signing_in(told) as settings:
        return Looked(hosts=await status_of(told.environment, settings))
