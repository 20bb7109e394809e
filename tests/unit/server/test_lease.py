"""A worker's right to a build, without a database: what the clock on the wall says is no matter."""

import asyncio
import time

import pytest

from fairlead.server.configuration import Intervals
from fairlead.server.engine import lease
from fairlead.server.engine.lease import Loss, until_lost


class Database:
    """Answers in turn: rows, or that it cannot be reached; the last answer for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0
        self.connector = self

    async def execute_query_all_async(self, _query, **_values):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


OURS, AWAY = [{"?column?": 1}], ConnectionError("away")


@pytest.fixture
def clock(monkeypatch):
    """Seconds since boot, set by hand; the clock on the wall jumps by days at each look."""
    now = {"boot": 0.0, "wall": 0.0}

    def wall():
        now["wall"] += 86_400.0 if now["wall"] <= 0 else -200_000.0
        return now["wall"]

    monkeypatch.setattr(lease, "boot_clock", lambda: now["boot"])
    monkeypatch.setattr(time, "time", wall)
    return now


def lost(database):
    intervals = Intervals(lease=0.04)
    return asyncio.run(until_lost(database, intervals, build_id=1, job_id=1))


def test_a_clock_that_jumps_takes_no_build_away(clock):
    database = Database(OURS, AWAY, OURS, AWAY, AWAY, OURS, [])
    assert lost(database) is Loss.SUPERSEDED
    assert database.asked == 7


def test_out_of_reach_for_longer_than_the_lease_it_is_lost(clock):
    class Away(Database):
        async def execute_query_all_async(self, _query, **_values):
            clock["boot"] += 0.03
            return await super().execute_query_all_async(_query)

    database = Away(OURS, AWAY)
    assert lost(database) is Loss.NO_CONTACT
    assert database.asked == 3
