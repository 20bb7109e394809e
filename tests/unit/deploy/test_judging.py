"""What is too much, by the lines of an access log: pure, and without a clock."""

import math
import random
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.deploy import inside

JUDGING = runpy.run_path(str(Path(inside.__file__).with_name("judging.py")))
Judge, Stretch, read, most = (JUDGING[name] for name in ("Judge", "Stretch", "read", "most"))
SINCE = 1000.0


def line(when, status=200, took=0.01, upstream=None):
    text = f'{when:.3f} {status} {took:.3f} "GET /" 10.0.0.1 {upstream or status}'
    return text.encode()


def judge(errors=0.05, requests=20, since=SINCE):
    made = Judge(errors, requests)
    made.since = since
    return made


def errors_until_it_is_bad(judging, began, rate, limit=100_000):
    """How many errors in a row it takes, at so many answers a second."""
    for number in range(1, limit):
        judging.add(line(began + number / rate, 500))
        if judging.why():
            return number
    raise AssertionError


def test_a_line_tells_when_an_answer_was_begun():
    began, ended, bad = read(line(1000.5, 502, took=1.5))
    assert (round(began, 3), ended, bad) == (999.0, 1000.5, True)
    assert read(line(1000.5, 499)) == (1000.49, 1000.5, False)


@pytest.mark.parametrize(
    "text", [b"", b"half", b"1.0 200", b"1.0 two 0.1", line(1.0, 503, upstream="-")]
)
def test_what_says_nothing_about_a_release(text):
    assert read(text) is None


def test_a_503_of_the_application_is_its_own():
    assert read(line(1.0, 503))[2]


@given(
    good=st.integers(0, 3000),
    rate=st.floats(0.5, 1000),
    requests=st.integers(5, 50),
    old=st.integers(0, 500),
)
@settings(max_examples=60, deadline=None)
def test_a_collapse_is_seen_within_half_a_short_time_or_half_the_requests(
    good, rate, requests, old
):
    judging = judge(requests=requests)
    for number in range(old):
        judging.add(line(SINCE - 1 - number / rate))
    for number in range(good):
        judging.add(line(SINCE + 0.1 + number / rate))
        assert not judging.why()
    needed = errors_until_it_is_bad(judging, SINCE + 0.1 + good / rate, rate)
    assert needed <= max(0.25 * rate, requests / 2 if good >= requests else requests) + 2


@given(good=st.integers(20, 400), requests=st.integers(10, 40))
def test_one_error_turns_nothing_back(good, requests):
    judging = judge(requests=requests)
    for number in range(good):
        judging.add(line(SINCE + 0.1 + number / 70, 500 if number == good // 2 else 200))
        assert not judging.why()


@given(bad=st.integers(1, 50))
def test_what_the_old_release_had_begun_is_not_the_new_one_s_doing(bad):
    judging = judge(requests=1)
    for number in range(bad):
        judging.add(line(SINCE + 0.5 + number / 100, 500, took=2.0))
        assert not judging.why()
    assert judging.all.total == 0


def test_before_the_switch_nothing_counts_against_anybody():
    judging = Judge(0.05, 5)
    for number in range(100):
        judging.add(line(SINCE + number, 500))
    assert not judging.why()


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1, 0.5])
def test_as_many_errors_as_the_old_release_had_turn_nothing_back(share):
    for seed in range(8):
        chance = random.Random(seed)
        judging = judge()
        for number in range(3000):
            judging.add(line(SINCE - 60 + number / 50, 500 if chance.random() < share else 200))
        assert judging.before[0].total == 3000
        for number in range(1500):
            judging.add(line(SINCE + 1 + number / 50, 500 if chance.random() < share else 200))
            assert not judging.why(), (seed, number)


def test_trouble_that_came_shortly_before_the_release_is_not_its_own():
    judging = judge()
    for number in range(5000):
        judging.add(line(SINCE - 5000 + number))
    for number in range(500):
        judging.add(line(SINCE - 10 + number / 50.1, 500 if number % 3 else 200))
    for number in range(500):
        judging.add(line(SINCE + 0.1 + number / 50, 500 if number % 3 else 200))
        assert not judging.why()


@pytest.mark.parametrize("share", [0.12, 0.2, 0.4])
def test_a_slow_rot_is_seen_too(share):
    judging, every = judge(), round(1 / share)
    for number in range(2000):
        judging.add(line(SINCE + 0.1 + number / 50))
        assert not judging.why()
    for number in range(1000):
        judging.add(line(SINCE + 41 + number / 50, 500 if number % every == 0 else 200))
    assert judging.why()


def test_the_sentence_says_how_many_and_what_is_allowed():
    judging = judge(requests=4)
    for number in range(4):
        judging.add(line(SINCE + 1 + number, 500))
    assert judging.why() == "4 of 4 answers were errors (100 %, allowed are 5 %)"


def test_no_error_is_allowed_where_somebody_says_so():
    judging = judge(errors=0.0, requests=1)
    judging.add(line(SINCE + 1))
    assert not judging.why()
    judging.add(line(SINCE + 2, 500))
    assert judging.why()


@given(
    times=st.lists(st.floats(0, 100), min_size=1, max_size=200).map(sorted),
    seconds=st.floats(0.1, 50),
    least=st.integers(1, 30),
)
def test_a_stretch_holds_its_seconds_and_at_least_so_many(times, seconds, least):
    stretch = Stretch(seconds, least)
    for number, when in enumerate(times):
        stretch.add(when, number % 2)
    inside_it = sum(when >= times[-1] - seconds for when in times)
    assert stretch.total == max(inside_it, min(least, len(times)))
    kept = range(len(times) - stretch.total, len(times))
    assert stretch.bad == sum(number % 2 for number in kept)


@given(total=st.integers(1, 10_000), share=st.floats(0, 2))
def test_what_is_allowed_grows_with_the_answers(total, share):
    assert most(total, share, 3.0) >= min(share, 1.0) * total
    assert most(total + 1, share, 3.0) >= most(total, share, 3.0)
    assert math.isfinite(most(total, share, 3.0))
