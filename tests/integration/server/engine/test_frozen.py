"""Processes that stop in the middle of something and hold it, alive as far as the kernel knows."""

import threading

import pytest

from fairlead.server.configuration import Intervals


def test_who_is_frozen_while_looking_after_builds_keeps_nobody_from_it(
    database, monkeypatch, wait_until
):
    from django.db import OperationalError, connection, connections

    from fairlead.server.engine import reaper

    entered, go_on, ended = threading.Event(), threading.Event(), []

    def freeze(_stalled):
        entered.set()
        go_on.wait(30)
        return 0

    def look():
        try:
            reaper.sweep(Intervals(grace=0.0, lease=0.3, stalled=12.0), 0.0)
        except OperationalError as error:
            ended.append(error)
        finally:
            connections.close_all()

    def is_free():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (reaper._LOCK,))
            return cursor.fetchone()[0]

    monkeypatch.setattr(reaper, "_pass_on_stalled", freeze)
    frozen = threading.Thread(target=look)
    frozen.start()
    assert entered.wait(60)
    wait_until(is_free)
    go_on.set()
    frozen.join()
    assert ended
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", (reaper._LOCK,))


@pytest.mark.parametrize("busy", [False, True])
def test_looking_after_builds_leaves_connections_as_they_were(database, busy):
    from django.db import connection

    from fairlead.server.engine import reaper

    with connection.cursor() as cursor:
        if busy:
            cursor.execute("SELECT pg_advisory_lock(%s)", (reaper._LOCK,))
        reaper.sweep(Intervals(grace=0.0), 0.0)
        cursor.execute("SHOW idle_session_timeout")
        assert cursor.fetchone()[0] == "0"
        cursor.execute("SELECT pg_advisory_unlock_all()")
