import logging

import pytest

pytest.importorskip("django")

from fairlead.server.engine.rounds import Rounds


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def no_connections(monkeypatch):
    """There is no database here."""
    monkeypatch.setattr("fairlead.server.engine.rounds.connections.close_all", lambda: None)


def test_each_in_its_time_one_after_the_other():
    done, clock = [], Clock()
    rounds = Rounds([(5.0, lambda: done.append("a")), (2.0, lambda: done.append("b"))], clock)
    while clock.now < 11:
        clock.now += rounds.pause()
        rounds.go()
    assert done == list("bbabbabb")


def test_nothing_is_due_at_first():
    done, clock = [], Clock()
    rounds = Rounds([(5.0, lambda: done.append("a"))], clock)
    rounds.go()
    assert done == []
    assert rounds.pause() == 5.0


def test_one_that_takes_long_is_not_made_up_for():
    clock = Clock()

    def slow():
        clock.now += 100

    rounds = Rounds([(5.0, slow)], clock)
    clock.now = 5
    rounds.go()
    assert rounds.pause() == 5.0


def test_one_that_fails_comes_again_and_holds_up_no_other(caplog):
    done, clock = [], Clock()

    def broken():
        raise RuntimeError("no database")

    rounds = Rounds([(1.0, broken), (1.0, lambda: done.append("a"))], clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            clock.now += rounds.pause()
            rounds.go()
    assert len(done) == 3
    assert caplog.text.count("no database") == 3
