"""What open pages listen to: one channel, on which the ids of what changed are told.

Builds by their ids, deployments by theirs below zero: whoever listens has one connection.
"""

from django.db import connection

CHANNEL = "fairlead_build"


def tell(build_id: int) -> None:
    """Say that a build changed; heard when the transaction that says so is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(build_id)))


def tell_deployment(deployment_id: int) -> None:
    """The same of a deployment."""
    tell(-deployment_id)
