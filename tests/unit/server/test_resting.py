"""What waits for a next build is let go when none comes, and not while one is under way."""

import asyncio

from fairlead.server.engine.resting import Rest


def test_it_is_let_go_once_after_the_last_work():
    gone = []

    async def work():
        rest = Rest(lambda: gone.append(1), after=0.05)
        with rest.at_work(), rest.at_work():
            await asyncio.sleep(0.1)
        assert not gone
        await asyncio.sleep(0.02)
        with rest.at_work():
            await asyncio.sleep(0.1)
        assert not gone
        await asyncio.sleep(0.3)

    asyncio.run(work())
    assert gone == [1]


def test_it_stays_where_all_ends():
    gone = []

    async def work():
        rest = Rest(lambda: gone.append(1), after=0.01)
        with rest.at_work():
            pass
        rest.stop()
        await asyncio.sleep(0.05)

    asyncio.run(work())
    assert not gone
