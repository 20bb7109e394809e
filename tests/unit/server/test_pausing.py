"""Pauses end with what they are made for."""

import threading
import time

import pytest

from fairlead.errors import FairleadError
from fairlead.runner.cancel import Cancel
from fairlead.server.pausing import heeding, pause


@pytest.fixture
def switch():
    made = Cancel()
    yield made
    made.close()


def test_a_pause_passes(switch):
    before = time.monotonic()
    pause(0.01)
    with heeding(switch):
        pause(0.01)
    assert time.monotonic() - before >= 0.02


def test_it_ends_with_the_build_and_says_why(switch):
    threading.Timer(0.05, switch.throw, ("superseded by build 7",)).start()
    with heeding(switch), pytest.raises(FairleadError, match="superseded by build 7"):
        pause(600)
    with heeding(switch), pytest.raises(FairleadError):
        pause(600)  # nor does the next one begin


def test_other_threads_heed_nothing(switch):
    switch.throw("over")
    passed = []
    with heeding(switch):
        thread = threading.Thread(target=lambda: (pause(0.01), passed.append(1)))
        thread.start()
        thread.join()
    assert passed
