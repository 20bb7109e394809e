"""Buckets of tokens, by a clock of the test's own."""

from fairlead.server.api.limits import Left, Limiter


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_minutes_requests_go_at_once_and_then_one_by_one():
    clock = Clock()
    limiter = Limiter(clock=clock)
    taken = [limiter.take("a", 60) for _ in range(60)]
    assert all(not left.wait for left in taken)
    assert taken[0] == Left(60, 59, 1)
    assert limiter.take("a", 60) == Left(60, 0, 60, 1)
    assert not limiter.take("b", 60).wait
    clock.now += 1
    assert not limiter.take("a", 60).wait
    assert limiter.take("a", 60).wait == 1
    clock.now += 3600
    assert limiter.take("a", 60).remaining == 59


def test_slow_limits_say_how_long_to_wait():
    clock = Clock()
    limiter = Limiter(clock=clock)
    assert limiter.take("a", 1) == Left(1, 0, 60)
    assert limiter.take("a", 1).wait == 60
    clock.now += 30
    assert limiter.take("a", 1).wait == 30


def test_a_clock_that_goes_back_takes_nothing_away():
    clock = Clock()
    limiter = Limiter(clock=clock)
    limiter.take("a", 10)
    clock.now -= 1000
    assert limiter.take("a", 10).remaining == 8


def test_memory_is_bounded_and_the_busy_are_remembered():
    limiter = Limiter(most=3, clock=Clock())
    for number in range(100):
        limiter.take("busy", 5)
        limiter.take(str(number), 5)
    assert len(limiter) == 3
    assert limiter.take("busy", 5).wait
