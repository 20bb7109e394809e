"""Globs for paths, branches and tags."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.util.globs import matches, selects


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("main", "main", True), ("main", "main2", False), ("release/*", "release/1", True),
        ("release/*", "release/1/2", False), ("release/**", "release/1/2", True), ("src/**", "src", False),
        ("src/", "src/a/b.py", True), ("./src/", "src/a", True), ("**/*.py", "a.py", True), ("**/*.py", "x/y/a.py", True),
        ("docs/**/x.rst", "docs/x.rst", True), ("docs/**/x.rst", "docs/a/b/x.rst", True), ("**", "a/b", True), ("*", "a/b", False),
        ("v[0-9]*", "v1.2", True), ("v[!0-9]*", "v1.2", False), ("a?c", "abc", True), ("a.c", "abc", False),
        ("a/**/b/**/c", "a/x/b/b/y/c", True), ("a/**/b/**/c", "a/x/y/c", False), ("[", "[", True), ("Main", "main", False),
        ("*.py", "a\n.py", True),
    ],
)  # fmt: skip
def test_matches(glob, text, expected):
    assert matches(glob, text) is expected


@pytest.mark.parametrize(
    ("globs", "text", "expected"),
    [
        (["a", "b"], "b", True), (["a", "b"], "c", False), (["!a"], "b", True), (["!a"], "a", False),
        (["*", "!a"], "a", False), (["*", "!a"], "b", True), ([], "x", True),
    ],
)  # fmt: skip
def test_lists_are_or_and_a_negation_always_counts(globs, text, expected):
    assert selects(globs, text) is expected


def test_many_stars_do_not_take_for_ever():
    assert not matches("*a" * 100 + "b", "a" * 2000)
    assert not matches("**/a/" * 50 + "b", "a/" * 500 + "c")


@settings(deadline=None)
@given(st.text(alphabet="ab/*?[]!-^.", max_size=20), st.text(alphabet="ab/.-", max_size=20))
def test_any_glob_gives_an_answer(glob, text):
    assert matches(glob, text) in (True, False)


@settings(deadline=None)
@given(
    st.text(alphabet="ab/.-", min_size=1, max_size=20).filter(
        lambda t: not t.startswith("./") and not t.endswith("/")
    )
)
def test_a_plain_path_matches_itself_and_is_below_everything(path):
    assert matches(path, path)
    assert matches("**", path)
