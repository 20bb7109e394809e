import threading

import pytest

from fairlead.util.errand import Errand, Later


def test_an_errand_goes_on_beside_its_caller():
    go = threading.Event()
    errand = Errand(lambda: go.wait(10) and threading.get_ident())
    go.set()
    assert errand.result() not in (False, threading.get_ident())
    assert errand.result() == errand.result()


def test_what_an_errand_raises_comes_to_whoever_waits_for_it():
    def fail():
        raise LookupError("lost")

    errand = Errand(fail)
    for _ in range(2):
        with pytest.raises(LookupError, match="lost"):
            errand.result()


def test_what_is_for_later_is_done_once_when_it_is_wanted():
    done = []
    later = Later(lambda: done.append(True))
    later.wait()
    assert not done
    assert not later.begun
    for begin in (later.begin, later.begin, later.finish):
        begin()
    assert done == [True]
    assert later.begun


def test_what_is_for_later_and_fails_tells_who_finishes_it():
    later = Later([].pop)
    later.begin()
    later.wait()
    with pytest.raises(IndexError):
        later.finish()
