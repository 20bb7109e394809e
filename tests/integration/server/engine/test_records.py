"""What a run asks of the store is answered, also where the database is away for a moment."""

import threading

import pytest


@pytest.fixture
def away(monkeypatch):
    """Has the database be away for that many questions; what is left of them."""
    from django.db import OperationalError

    from fairlead.server.engine import records

    real, left = records.direct, []

    def direct():
        if left:
            raise left.pop()
        return real()

    monkeypatch.setattr(records, "direct", direct)
    monkeypatch.setattr(records, "_RETRY", 0.0)

    def begin(times):
        left.extend(OperationalError("it is starting up") for _ in range(times))
        return left

    return begin


def test_earlier_builds_are_asked_for_until_the_database_answers(
    make_project, push, away, tmp_path
):
    from fairlead.server.engine.records import BuildRecords

    left = away(3)
    assert BuildRecords(push(make_project()), tmp_path).entries() == ()
    assert left == []


def test_a_run_that_is_given_up_does_not_wait_for_them(make_project, push, away, tmp_path):
    from django.db import OperationalError

    from fairlead.server.engine.records import BuildRecords

    build = push(make_project())
    away(3)
    with pytest.raises(OperationalError, match="starting up"):
        BuildRecords(build, tmp_path, given_up=lambda: True).entries()


def test_threads_that_asked_and_ended_hold_no_connection(make_project, push, tmp_path):
    """The runner asks from threads of its own; the pool is smaller than their number."""
    from fairlead.server.engine.records import BuildRecords

    build, answers = push(make_project()), []

    def ask():
        answers.append(BuildRecords(build, tmp_path, given_up=lambda: True).entries())

    for _ in range(12):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert answers == [()] * 12
