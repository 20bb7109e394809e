"""Viewers share one reader, and each gets everything, however slowly it reads."""

import asyncio
import random
import re
from contextlib import aclosing

import pytest

from fairlead.server.logs.memory import MemoryStorage


async def view(streams, attempt, offset, pauses):
    """The numbers of all rows that a viewer is sent until the end."""
    seen = []
    async with aclosing(streams._log(attempt, offset)) as events:
        async for event in events:
            if b"event: lines\n" in event:
                seen += [int(found) for found in re.findall(rb'<p id="L(\d+)"', event)]
            if b"event: end\n" in event:
                return seen
            await asyncio.sleep(next(pauses))
    raise AssertionError("it ended without its end")


def no_pauses():
    while True:
        yield 0


@pytest.fixture
def streams_of(database, monkeypatch):
    """Runs a coroutine function with streams; the queries that were asked are counted."""
    from fairlead.server.streams.database import Database
    from fairlead.server.streams.serving import Streams

    asked = []
    fetch = Database.fetch

    async def counted(self, query, values):
        asked.append(query)
        return await fetch(self, query, values)

    monkeypatch.setattr(Database, "fetch", counted)

    def run(main):
        async def inner():
            streams = Streams(database, MemoryStorage)
            try:
                async with asyncio.timeout(60):
                    return await main(streams)
            finally:
                await streams.close()

        asked.clear()
        return asyncio.run(inner()), len(asked)

    return run


def test_ten_viewers_cost_about_as_much_as_one(writing, streams_of):
    for first in range(1, 20001, 100):
        writing.write(b"".join(b"line %d\n" % n for n in range(first, first + 100)))
    writing.end()

    def viewers(count):
        async def main(streams):
            return await asyncio.gather(
                *(view(streams, writing.attempt.pk, 0, no_pauses()) for _ in range(count))
            )

        return main

    (alone,), for_one = streams_of(viewers(1))
    together, for_ten = streams_of(viewers(10))
    assert alone == list(range(1, 20001))
    assert together == [alone] * 10
    assert for_ten <= for_one * 1.5 + 5


@pytest.mark.parametrize("seed", range(6))
def test_whoever_falls_behind_what_is_kept_still_gets_every_line_once(
    writing, streams_of, monkeypatch, seed
):
    monkeypatch.setattr("fairlead.server.streams.feed.WINDOW", 4000)
    monkeypatch.setattr("fairlead.server.streams.reading.PIECE", 700)
    monkeypatch.setattr("fairlead.server.streams.watching._AGAIN", 0.01)
    chance = random.Random(seed)
    lines = [b"%d %s\n" % (n, b"y" * chance.randrange(60)) for n in range(1, 801)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)

    def write():
        from django.db import connection

        at = 0
        while at < len(data):
            size = chance.choice((5, 50, 500, 5000))
            writing.write(data[at : at + size])
            at += size
        writing.end()
        connection.close()

    def pauses(longest):
        while True:
            yield chance.random() * longest

    async def main(streams):
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(None, write)
        firsts = [0, 0, *(chance.randrange(len(lines)) for _ in range(4))]
        views = []
        for first, longest in zip(firsts, (0, 0.02, 0, 0.01, 0.03, 0.002), strict=True):
            coming = view(streams, writing.attempt.pk, starts[first], pauses(longest))
            views.append(asyncio.create_task(coming))
            await asyncio.sleep(chance.random() * 0.1)
        seen = await asyncio.gather(*views)
        await written
        return firsts, seen

    (firsts, seen), _ = streams_of(main)
    for first, numbers in zip(firsts, seen, strict=True):
        assert numbers == list(range(first + 1, len(lines) + 1))


def test_who_claims_to_have_seen_more_than_there_is_holds_up_nobody(writing, streams_of):
    writing.write(b"".join(b"%d\n" % n for n in range(1, 101)))

    def end():
        from django.db import connection

        writing.write(b"101\n")
        writing.end()
        connection.close()

    async def main(streams):
        odd = asyncio.create_task(view(streams, writing.attempt.pk, 10**12, no_pauses()))
        seen = asyncio.Event()

        def pauses():
            seen.set()
            yield from no_pauses()

        coming = asyncio.create_task(view(streams, writing.attempt.pk, 0, pauses()))
        await seen.wait()
        await asyncio.get_running_loop().run_in_executor(None, end)
        return await asyncio.gather(odd, coming)

    (nothing, all_of_it), _ = streams_of(main)
    assert (nothing, all_of_it) == ([], list(range(1, 102)))
