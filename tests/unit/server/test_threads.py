"""Work beside an event loop: in few threads, its errors raised where it is awaited."""

import asyncio
import threading

import pytest

from fairlead.server.threads import Threads


@pytest.fixture(autouse=True)
def given_back(monkeypatch):
    """How often connections were; there is no Django here."""
    names = []

    class Connections:
        def close_all(self):
            names.append(threading.current_thread().name)

    monkeypatch.setattr("fairlead.server.threads.connections", Connections())
    return names


def test_at_most_so_many_at_once_and_elsewhere(given_back):
    at_once, most, lock = 0, 0, threading.Lock()
    threads = Threads(2, "some")

    def work():
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.01)
        with lock:
            at_once -= 1
        return threading.current_thread().name

    async def all_of_it():
        return await asyncio.gather(*(threads(work) for _ in range(8)))

    names = asyncio.run(all_of_it())
    assert most <= 2
    assert {name.partition("_")[0] for name in names} == {"some"}
    assert sorted(given_back) == sorted(names)


def test_what_it_raises_is_raised(given_back):
    def broken():
        raise LookupError("nothing")

    with pytest.raises(LookupError, match="nothing"):
        asyncio.run(Threads(1, "one")(broken))
    assert len(given_back) == 1
