"""The names of tests, beside those that the pytest of this interpreter writes to its JUnit file."""

import importlib
import sys

import pytest
from _pytest.junitxml import bin_xml_escape, mangle_test_address
from hypothesis import given
from hypothesis import strategies as st

from fairlead.runner.collect import INSIDE


@pytest.fixture(scope="module")
def names():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(INSIDE))
        patch.delenv("FAIRLEAD_EVENTS", raising=False)
        module = importlib.import_module("fairlead_pytest_reports")
        yield module.names
    for name in ("fairlead_pytest_reports", "fairlead_collect"):
        sys.modules.pop(name)


words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
paths = st.lists(words, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".py")
parameters = st.one_of(st.just(""), st.text(max_size=20).map(lambda text: f"[{text}]"))
ids = st.builds(
    lambda path, parts, given: "::".join([path, *parts]) + given,
    paths,
    st.lists(words, min_size=1, max_size=3),
    parameters,
)


@given(st.one_of(paths, ids))
def test_names_are_those_of_the_junit_file(names, nodeid):
    expected = mangle_test_address(nodeid)
    wanted = (bin_xml_escape(".".join(expected[:-1])), bin_xml_escape(expected[-1]))
    assert names(nodeid) == wanted


def test_instances_of_old_versions_are_left_out(names):
    assert names("a/test_b.py::TestC::()::test_d[x::y]") == ("a.test_b.TestC", "test_d[x::y]")
