"""Asking the hosts of an environment what they serve."""

import os

from fairlead.deploy.look import status_of
from fairlead.server.engine.apart.orders import Look, Looked
from fairlead.settings import load_settings


async def look(told: Look) -> Looked:
    """What each host says; one that cannot be asked says why."""
    return Looked(hosts=await status_of(told.environment, load_settings(os.environ)))
