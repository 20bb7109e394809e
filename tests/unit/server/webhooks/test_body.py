"""Bodies from strangers, read within limits."""

import asyncio

import pytest

from fairlead.errors import WebhookTooLarge, WebhookUnreadable
from fairlead.server.webhooks.body import SMALL, Bodies, Busy


def source(*pieces, endless=False):
    left = list(pieces)

    async def receive():
        if not left:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or endless}

    return receive


def test_a_body_in_pieces():
    body = asyncio.run(Bodies().read(source(b"a", b"", b"bc"), ""))
    assert body == b"abc"


def test_exactly_the_limit_is_taken_and_one_more_is_not():
    assert asyncio.run(Bodies(limit=3).read(source(b"ab", b"c"), "3")) == b"abc"
    with pytest.raises(WebhookTooLarge):
        asyncio.run(Bodies(limit=3).read(source(b"ab", b"cd"), "3"))


@pytest.mark.parametrize("length", ["4", "9" * 5000])
def test_a_length_above_the_limit_is_believed(length):
    with pytest.raises(WebhookTooLarge):
        asyncio.run(Bodies(limit=3).read(source(), length))


def test_a_body_that_does_not_end_in_time():
    with pytest.raises(WebhookUnreadable, match="to arrive"):
        asyncio.run(Bodies(seconds=0.01).read(source(b"a", endless=True), "2"))


def test_large_ones_share_their_room_and_small_ones_need_none():
    bodies = Bodies(room=1000)

    async def held():
        started, go = asyncio.Event(), asyncio.Event()

        async def slow():
            if not started.is_set():
                started.set()
                return {"type": "http.request", "body": b"x" * (SMALL + 900), "more_body": True}
            await go.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        first = asyncio.create_task(bodies.read(slow, ""))
        await started.wait()
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await bodies.read(source(b"y" * (SMALL + 200)), "")
        assert len(await bodies.read(source(b"z" * SMALL), "")) == SMALL
        go.set()
        assert len(await first) == SMALL + 900
        return await bodies.read(source(b"y" * (SMALL + 200)), "")

    assert len(asyncio.run(held())) == SMALL + 200
