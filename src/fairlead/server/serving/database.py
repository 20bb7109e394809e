"""The database of this installation: the one it was told, its own, or its own started for us."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.postgres import Postgres, address_of, supervisor_of
from fairlead.server.serving.data import make_data
from fairlead.util.serving import serving

log = logging.getLogger(__name__)

_FOLDER = "postgres"


def embedded(told: Configuration) -> Postgres:
    """The PostgreSQL in the data folder, not started; it tells the journal what is unusual."""
    return Postgres(told.data / _FOLDER, told=log.warning)


def running_database(told: Configuration) -> str:
    """The URL of the database that runs. Raises ``FairleadError`` where none does."""
    if told.database_url:
        return told.database_url
    root = told.data / _FOLDER
    if not supervisor_of(root):
        raise FairleadError(
            f"no fairlead serve runs on {told.data}, and no database is named",
            hint="start fairlead serve, or name a PostgreSQL with FAIRLEAD_DATABASE_URL",
        )
    return address_of(root).url


@contextmanager
def some_database(told: Configuration) -> Iterator[str]:
    """As ``running_database``, but where none runs, our own is started for as long as it takes."""
    if told.database_url or supervisor_of(told.data / _FOLDER):
        yield running_database(told)
        return
    make_data(told)
    with embedded(told) as postgres:
        yield postgres.address.url


def name_database(url: str) -> None:
    """Let this process, and those it starts, use a database; before Django is loaded."""
    os.environ["FAIRLEAD_DATABASE_URL"] = url


def name_address(told: Configuration) -> None:
    """Let this process make links that lead to the server that runs on the data folder.

    It may listen elsewhere than this process was told; a URL that was told stands.
    """
    if not told.url and (found := serving(told.data)):
        os.environ["FAIRLEAD_URL"] = found.url
