"""The few connections on which all streams of a process read, with plain SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import tuple_row
from psycopg_pool import AsyncConnectionPool

CONNECTIONS = 2
APPLICATION = "fairlead streams"
_IDLE = 10.0  # seconds after which an unused connection, a process of PostgreSQL, is closed


class Database:
    """Opened with the first query, in the event loop that asks it."""

    def __init__(self, url: str) -> None:
        self._pool = AsyncConnectionPool(
            url,
            min_size=0,
            max_size=CONNECTIONS,
            max_idle=_IDLE,
            timeout=10.0,
            kwargs={"autocommit": True, "application_name": APPLICATION},
            open=False,
        )
        self._opened = False

    async def fetch(self, query: str, values: Mapping[str, object]) -> Sequence[tuple[Any, ...]]:
        """All rows of a query; raises ``psycopg.Error`` where the database cannot be asked."""
        if not self._opened:
            await self._pool.open()  # several at once are fine
            self._opened = True
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            await cursor.execute(query.encode(), values)
            return await cursor.fetchall()

    async def close(self) -> None:
        """End all connections."""
        if self._opened:
            await self._pool.close()
