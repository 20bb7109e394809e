"""What must be done before anything is served: tables, and somebody who can sign in."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.links import base_url

log = logging.getLogger(__name__)

_LOCK = 0x6661697274616273
"""Held while tables are changed, so that of several nodes that start only one does it."""
_PAUSE, _SAID_EVERY = 0.5, 10.0
_OURS = "store"
_FIRST = "admin"


def make_tables(told: Configuration) -> None:
    """Bring the tables to this version's state; waits for a database that is not there yet.

    Django must be set up. Raises ``FairleadError`` where a newer Fairlead has changed them.
    """
    await_database(told.database_url)
    if not missing_steps():
        return
    from fairlead.server.setup import migrate

    with _alone(told.database_url):
        if steps := missing_steps():
            log.info("bringing the tables up to date (%d steps)", steps)
            migrate()


def check_storage(told: Configuration) -> None:
    """Raise ``FairleadError`` where the folder for logs and artifacts cannot be written to.

    What may pass (a full disk, a bucket that is away) is for ``/readyz`` to tell.
    """
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.server.storage.opening import own_storage

    storage = own_storage(told)
    if isinstance(storage, FolderStorage):
        storage.make()


def await_tables(told: Configuration) -> None:
    """Wait until somebody else has made the tables: a worker may not do it."""
    await_database(told.database_url)
    said = 0.0
    while steps := missing_steps():
        if time.monotonic() - said > _SAID_EVERY:
            log.warning("waiting for fairlead serve, web or scheduler: %d steps missing", steps)
            said = time.monotonic()
        time.sleep(_PAUSE)


def await_database(url: str) -> None:
    """Wait until the database takes connections. Raises ``FairleadError`` where it refuses us."""
    import psycopg

    said = 0.0
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if refused(error):
                raise FairleadError(
                    f"the database refuses us: {_words(error)}",
                    hint="see what FAIRLEAD_DATABASE_URL says",
                ) from error
            if time.monotonic() - said > _SAID_EVERY:
                log.warning("waiting for the database: %s", _words(error))
                said = time.monotonic()
            time.sleep(_PAUSE)
        else:
            return


def first_link(told: Configuration) -> str:
    """The one-time link of the first administrator; empty once somebody can sign in."""
    from django.contrib.auth.models import User

    from fairlead.server.services.accounts import make_administrator, one_time_path

    people = list(User.objects.filter(is_active=True))
    if any(user.has_usable_password() for user in people):
        return ""
    user = next((user for user in people if user.username == _FIRST), None)
    return base_url(told) + one_time_path(user or make_administrator(_FIRST))


def refused(error: Exception) -> bool:
    """Whether PostgreSQL itself said no, so that waiting would not help: role, password, name.

    libpq gives no code of an error at the start of a connection, only its words.
    """
    words = str(error)
    passing = ("starting up", "shutting down", "recovery", "too many", "remaining connection")
    return "FATAL" in words and not any(word in words for word in passing)


def missing_steps() -> int:
    """How many steps the tables are behind. Raises ``FairleadError`` where they are ahead."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    known = graph.nodes.keys()
    ahead = [
        name
        for app, name in executor.loader.applied_migrations
        if app == _OURS and (app, name) not in known
    ]
    if ahead:
        raise FairleadError(
            f"a newer Fairlead has changed the tables ({max(ahead)})",
            hint="update this one, or restore a backup that its version made",
        )
    return len(executor.migration_plan(graph.leaf_nodes()))


@contextmanager
def _alone(url: str) -> Iterator[None]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        yield


def _words(error: Exception) -> str:
    return " ".join(str(error).split())
