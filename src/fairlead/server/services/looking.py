"""Having hosts asked what they serve."""

from django.db import connection, transaction

from fairlead.server.engine.enqueue import hand
from fairlead.server.engine.queues import LOOK_AT
from fairlead.server.store.models import Environment


def look(environment: Environment) -> bool:
    """Have it done soon; false where that is to be done already."""
    lock = f"look:{environment.pk}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM procrastinate_jobs WHERE lock = %s AND status IN ('todo', 'doing')",
                (lock,),
            )
            if cursor.fetchone():
                return False
        hand(LOOK_AT, lock=lock, environment_id=environment.pk)
    return True
