"""The engine's connections, made to outlast PostgreSQL's restarts."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, LiteralString

import psycopg
from procrastinate import App, exceptions
from procrastinate.connector import Notify
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.sync_psycopg_connector import wrap_exceptions
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from fairlead.server.configuration import KEEPALIVE, Configuration, bounded
from fairlead.server.patient import Patient

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds between two tries to reach the database."""


class Connector(PsycopgConnector):
    """As shipped, but a failed attempt to listen again is followed by another.

    Upstream, one failure ends the listening: the worker is deaf from then on and says nothing.
    Also each query was four round trips there: a look whether the connection lives, and a
    transaction around it. A dead connection is noticed by its first query, which is tried anew
    by whoever makes it.
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

    async def _create_pool(self, pool_args: dict[str, Any]) -> AsyncConnectionPool:
        return AsyncConnectionPool(**pool_args, configure=_configure, open=False)

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Execute one statement, which is its own transaction."""
        await self._execute(query, arguments)

    async def execute_query_one_async(
        self, query: LiteralString, **arguments: Any
    ) -> dict[str, Any]:
        """Execute one statement and return its only row. Raises ``NoResult`` without one."""
        found = await self._execute(query, arguments)
        if not found:
            raise exceptions.NoResult
        return found[0]

    async def execute_query_all_async(
        self, query: LiteralString, **arguments: Any
    ) -> list[dict[str, Any]]:
        """Execute one statement and return its rows."""
        return await self._execute(query, arguments)

    async def _execute(
        self, query: LiteralString, arguments: dict[str, Any]
    ) -> list[dict[str, Any]]:
        with wrap_exceptions():
            async with self.pool.connection() as connection:
                cursor = connection.cursor(row_factory=dict_row)
                await cursor.execute(query, self._wrap_json(arguments))
                found = cursor.pgresult
                # Not by its description, which is made anew of all columns.
                return await cursor.fetchall() if found and found.nfields else []


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def make_app(told: Configuration) -> App:
    """The engine's app with connections of its own, as a worker needs it. Not opened yet."""
    given = conninfo_to_dict(told.database_url)
    limits = bounded(given.get("options"), told.intervals.lease)
    every = {**KEEPALIVE, **given, "options": limits}
    connector = Connector(
        kwargs=every,
        min_size=1,
        max_size=4,
        max_idle=10.0,
        timeout=told.pool_timeout,
        connection_class=Patient,
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
