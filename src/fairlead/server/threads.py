"""Work that asks the database, in threads beside an event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


class Threads:
    """At most ``most`` threads for what must not wait behind others, nor keep them waiting."""

    def __init__(self, most: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def __call__(self, work: Callable[[], T]) -> T:
        """What ``work`` returns or raises; its connection is given back."""

        def once() -> T:
            try:
                return work()
            finally:
                connections.close_all()

        return await asyncio.get_running_loop().run_in_executor(self._pool, once)
