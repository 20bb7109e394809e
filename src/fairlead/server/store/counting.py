"""Numbers that count in a project, given out one after the other."""

from django.db import connection
from django.db.models import Max

from fairlead.server.store.models import Deployment, Project, Release

_LOCK = 0x464C  # "FL": the first half of an advisory lock's key


def next_number(model: type[Deployment] | type[Release], project: Project) -> int:
    """The number of the row to be made, held for us until the transaction ends.

    By an advisory lock: workers may not lock the project's row.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, project.pk & 0x7FFFFFFF))
    rows = model._default_manager.filter(project=project)  # noqa: SLF001 — documented
    last = rows.order_by().aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
