import asyncio
import contextlib

import pytest

from fairlead.server.streams import sse
from fairlead.server.streams.tasks import end


def test_an_event_is_written_with_the_offset_to_come_back_with():
    assert sse.event("lines", "<p>a</p>", offset=7) == b"id: 7\nevent: lines\ndata: <p>a</p>\n\n"
    assert sse.event("open", "") == b"event: open\ndata: \n\n"


class Peer:
    """What a server gives to an application: ``receive``, ``send`` and a transport."""

    def __init__(self):
        self.sent, self.aborted = [], False
        self.disconnected = asyncio.Event()
        self.stuck = asyncio.Event()
        self.takes = 1000
        self.transport = self

    def abort(self):
        self.aborted = True

    async def receive(self):
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if len(self.sent) >= self.takes:
            await self.stuck.wait()
        self.sent.append(message)

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def ended(self):
        return self.sent[-1].get("more_body") is not True


class Source:
    """Events that end when they are closed, which it notes."""

    def __init__(self, *data):
        self.data, self.closed = data, False

    async def events(self, *, for_ever=True):
        try:
            for each in self.data:
                yield each
            if for_ever:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def sent(peer, count):
    while len(peer.sent) < count:  # noqa: ASYNC110 — the peer tells nobody
        await asyncio.sleep(0)


def carried(peer_and_actions, *data, for_ever=True):
    async def run():
        peer, source, closing = Peer(), Source(*data), asyncio.Event()
        carrying = asyncio.create_task(
            sse.carry(peer.receive, peer.send, source.events(for_ever=for_ever), closing)
        )
        await peer_and_actions(peer, closing)
        async with asyncio.timeout(10):
            await carrying
        return peer, source

    return asyncio.run(run())


async def nothing(_peer, _closing):
    pass


def test_events_are_sent_until_there_are_no_more():
    peer, source = carried(nothing, b"one", b"two", for_ever=False)
    assert peer.body == b"retry: 1000\n\nonetwo"
    assert peer.ended
    assert source.closed


def test_a_stop_ends_the_response():
    async def stop(peer, closing):
        await sent(peer, 3)
        closing.set()

    peer, source = carried(stop, b"one")
    assert peer.ended
    assert source.closed
    assert not peer.aborted


def test_a_reader_that_has_gone_is_sent_no_more():
    async def leave(peer, _closing):
        await sent(peer, 3)
        peer.disconnected.set()

    peer, source = carried(leave, b"one")
    assert not peer.ended
    assert source.closed


def test_a_reader_that_takes_nothing_is_cut_off(monkeypatch):
    monkeypatch.setattr(sse, "PATIENCE", 0.05)

    async def take_no_more(peer, _closing):
        peer.takes = 3

    peer, source = carried(take_no_more, b"one", b"two", b"three")
    assert peer.aborted
    assert source.closed
    assert len(peer.sent) == 3


def test_what_goes_wrong_is_not_hidden():
    async def broken():
        yield b"one"
        raise KeyError("broken")

    async def run():
        peer = Peer()
        await sse.carry(peer.receive, peer.send, broken(), asyncio.Event())

    with pytest.raises(KeyError):
        asyncio.run(run())


def test_a_task_that_lost_a_cancellation_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr("fairlead.server.streams.tasks._AGAIN", 0.02)

    async def run():
        async def deaf():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            await asyncio.sleep(60)

        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await end(task)
        return task.cancelled()

    assert asyncio.run(run())
