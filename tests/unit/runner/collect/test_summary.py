from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import TestCase, TestOutcome
from fairlead.runner.collect.summary import summarize


def case(name, outcome=TestOutcome.PASSED, suite="s"):
    return TestCase(name=name, suite=suite, outcome=outcome)


def test_the_last_report_of_a_test_holds():
    first, other = case("a", TestOutcome.FAILED), case("b")
    again = case("a")
    assert summarize([first, other, again]).cases == (other, again)


def test_tests_of_other_suites_are_others():
    cases = (case("a"), case("a", suite="t"), case("a", suite=""))
    assert summarize(cases).cases == cases


def test_of_nothing():
    assert summarize(()).cases == ()


cases = st.builds(case, st.sampled_from("abc"), st.sampled_from(list(TestOutcome)))


@given(st.lists(cases))
def test_each_test_once_and_none_missing(found):
    summed = summarize(found).cases
    assert sorted(c.key for c in summed) == sorted({c.key for c in found})
    assert summarize(summed).cases == summed
