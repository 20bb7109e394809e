"""The engine's connections, made to outlast PostgreSQL's restarts."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from procrastinate import App, exceptions
from procrastinate.connector import Notify
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg.conninfo import conninfo_to_dict

from fairlead.server.configuration import Configuration, bounded

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds between two tries to reach the database."""

# A peer that is gone without a word is noticed before a lease ends.
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}


class Connector(PsycopgConnector):
    """As shipped, but a failed attempt to listen again is followed by another.

    Upstream, one failure ends the listening: the worker is deaf from then on and says nothing.
    """

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for ever, through lost connections; ends by being cancelled."""
        names = tuple(channels)
        while True:
            try:
                await super().listen_notify(on_notification=on_notification, channels=names)
            except exceptions.ConnectorException as error:
                log.warning("not listening for jobs: %s", cause(error))
            await asyncio.sleep(PAUSE)


def make_app(told: Configuration) -> App:
    """The engine's app with connections of its own, as a worker needs it. Not opened yet."""
    given = conninfo_to_dict(told.database_url).get("options")
    every = {**_KEEPALIVE, "options": bounded(given, told.intervals.lease)}
    connector = Connector(
        conninfo=told.database_url,
        kwargs=every,
        min_size=1,
        max_size=4,
        timeout=told.pool_timeout,
    )
    return App(connector=connector)


def cause(error: BaseException) -> BaseException:
    """What is behind an error of the engine, whose own words are always the same."""
    return error.__cause__ or error


def unreachable(error: BaseException) -> bool:
    """Whether an error of the engine means that the database was away, not that it refused."""
    return isinstance(cause(error), psycopg.OperationalError | psycopg.InterfaceError | OSError)


async def until_reached(what: str, work: Callable[[], Any]) -> Any:
    """Await ``work()`` anew until the database answers; other errors are raised."""
    while True:
        try:
            return await work()
        except exceptions.ConnectorException as error:
            if not unreachable(error):
                raise
            log.warning("%s: %s", what, cause(error))
            await asyncio.sleep(PAUSE)
