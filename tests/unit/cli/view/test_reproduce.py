import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.cli.view.reproduce import reproduce
from fairlead.model import Job, TestCase, TestOutcome


def case(identity="", name="test_x", file=""):
    return TestCase(name=name, id=identity, file=file, outcome=TestOutcome.FAILED)


UNIT = Job(id="unit-3.12", name="unit", python="3.12", axes=(("python", "3.12"),))


@pytest.mark.parametrize(
    ("job", "command"),
    [
        (UNIT, "fairlead run unit --python 3.12"),
        (Job(id="lint", name="lint"), "fairlead run lint"),
        (Job(id="lint", name="lint", python="3.12"), "fairlead run lint --python 3.12"),
        (
            Job(
                id="unit-3.12-django4.2",
                name="unit",
                python="3.12",
                axes=(("python", "3.12"), ("django", "4.2")),
            ),
            "fairlead run unit-3.12-django4.2",
        ),
        (Job(id="long name", name="long name"), "fairlead run 'long name'"),
    ],
)
def test_jobs(job, command):
    assert reproduce(job) == command


@pytest.mark.parametrize(
    ("test", "expression"),
    [
        (case("tests/test_a.py::test_b"), "test_b"),
        (case("tests/test_a.py::TestA::test_b"), "'TestA and test_b'"),
        (case("tests/test_a.py::test_b[1-2]"), "'test_b[1-2]'"),
        (case("tests/test_a.py::test_b[a b]"), "test_b"),
        (case("tests/test_a.py::test_b[x::y]"), "'test_b[x::y]'"),
        (case("tests/test_a.py::TestA::test_b[a, b]"), "'TestA and test_b'"),
        (case(name="test_b (tests.test_a.TestA)"), "test_b"),
        (case(name="Paying a bill", file="features/pay.feature"), "'Paying a bill'"),
    ],
)
def test_tests(test, expression):
    assert reproduce(UNIT, test) == f"fairlead run unit --python 3.12 -k {expression}"


def test_a_name_no_expression_can_hold_leaves_the_whole_job():
    assert reproduce(UNIT, case(name="!?")) == "fairlead run unit --python 3.12"


@given(st.text(), st.text(), st.text())
def test_whatever_the_names_a_shell_reads_one_command(name, identity, job):
    planned = Job(id=job, name=job)
    words = shlex.split(reproduce(planned, case(identity, name)))
    assert words[:3] == ["fairlead", "run", job]
    assert len(words) in (3, 5)
