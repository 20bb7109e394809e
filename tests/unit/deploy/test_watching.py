"""Watches of several hosts: what one finds is known to all at once."""

import asyncio
from types import SimpleNamespace

import pytest

from fairlead.deploy import watching
from fairlead.deploy.watch import BACK, END, Seen
from fairlead.deploy.watching import Watches
from fairlead.errors import HostFailed, HostLost


class Place:
    """A host whose watch does what the test says: `play` gets its lines and the word it waits for."""

    def __init__(self, name, play, *, switched=True):
        self.name, self.switched, self.functions = name, switched, ""
        self.plan = SimpleNamespace(slot="green", old="blue")
        self.play, self.word = play, None

    async def run(self, script, *, later, timeout, tell):  # noqa: ASYNC109
        await self.play(tell, self._heard(later))

    async def _heard(self, later):
        self.word = await asyncio.shield(later)
        return self.word


async def well(tell, word):
    tell("good 20 1" if await word == END else "back")


async def bad(tell, word):
    tell("bad it is")
    await well(tell, word)


async def lost(tell, word):
    word.close()
    raise HostLost("h1: gone")


async def broken(tell, word):
    word.close()
    raise ZeroDivisionError


async def silent(tell, word):
    word.close()


async def deaf(tell, word):
    await word
    await asyncio.Event().wait()


async def stays(tell, word):
    await word
    tell("stays")
    await asyncio.Event().wait()


def watched(environment, work, *places):
    """Arm the watches of these hosts, and do something with them."""

    async def all_of_it():
        watches = Watches(environment())
        watches.arm(places)
        try:
            return await work(watches)
        finally:
            await watches.close()

    return asyncio.run(all_of_it())


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (bad, "h1: it is"),
        (lost, "h1: gone"),
        (broken, "h1: the watch broke: ZeroDivisionError"),
        (silent, "h1: the watch ended without saying why"),
    ],
)
def test_one_that_is_bad_turns_back_all_that_were_switched(environment, play, why):
    one, two, three = Place("h1", play), Place("h2", well), Place("h3", well, switched=False)

    async def work(watches):
        with pytest.raises((HostFailed, HostLost)) as raised:
            await watches.any_bad()
        return str(raised.value), await watches.turned_back(two), await watches.turned_back(three)

    said, second, third = watched(environment, work, one, two, three)
    assert said.startswith(why)
    assert second >= 0
    assert third is None
    assert (two.word, three.word) == (BACK, END)


def test_hosts_that_go_back_with_another_are_not_bad_themselves(environment):
    one, two = Place("h1", well), Place("h2", bad)

    async def work(watches):
        waiting = asyncio.ensure_future(watches.over(one, 60.0))
        with pytest.raises(HostFailed, match="h2: it is"):
            await watches.over(two, 60.0)
        assert await watches.turned_back(one) is not None
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()

    watched(environment, work, one, two)


def test_when_the_time_is_over_each_says_what_it_saw(environment):
    one = Place("h1", well)
    seen = watched(environment, lambda watches: watches.over(one, 0.0), one)
    assert seen == Seen(answers=20, errors=1)
    assert one.word == END


@pytest.mark.parametrize("play", [deaf, stays, lost])
def test_one_that_does_not_say_so_has_not_gone_back(environment, monkeypatch, play):
    monkeypatch.setattr(watching, "_ANSWER", 0.01 if play is deaf else 60.0)
    one = Place("h1", play)

    async def work(watches):
        watches.turn_back()
        return await watches.turned_back(one)

    assert watched(environment, work, one) is None


def test_without_watches_nobody_waits(environment):
    async def work(watches):
        await watches.any_bad()
        watches.turn_back()
        return await watches.turned_back(Place("h1", well))

    assert watched(environment, work) is None
