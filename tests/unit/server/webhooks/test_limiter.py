"""Refusals by address, in bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.server.webhooks.limiter import ADDRESSES, MOST, WINDOW, Refusals, network


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def refusals(clock):
    return Refusals(clock)


def test_one_address_waits_and_others_do_not(refusals, clock):
    for _ in range(MOST - 1):
        refusals.add("192.0.2.1")
    assert refusals.wait("192.0.2.1") == 0
    refusals.add("192.0.2.1")
    assert refusals.wait("192.0.2.1") == WINDOW
    assert refusals.wait("192.0.2.2") == 0
    clock.now += WINDOW
    assert refusals.wait("192.0.2.1") == 0


def test_a_new_window_counts_anew(refusals, clock):
    for _ in range(MOST):
        refusals.add("192.0.2.1")
    clock.now += WINDOW
    refusals.add("192.0.2.1")
    assert refusals.wait("192.0.2.1") == 0


def test_memory_is_bounded_and_the_longest_silent_goes_first(refusals):
    for _ in range(MOST):
        refusals.add("192.0.2.1")
    for number in range(ADDRESSES - 1):
        refusals.add(f"x{number}")
    assert refusals.wait("192.0.2.1")
    refusals.add("one more")
    assert len(refusals) == ADDRESSES
    assert not refusals.wait("192.0.2.1")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:0db8:0000:0000"),
        ("2001:db8:0:0:9::7", "2001:0db8:0000:0000"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("", ""),
    ],
)
def test_what_counts_as_one_sender(address, expected):
    assert network(address) == expected


@given(st.text())
def test_any_text_is_an_address(text):
    assert len(network(text)) <= 100
