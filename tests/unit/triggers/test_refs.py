"""Names of refs and ids of objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.triggers.refs import check_name, commit_id, object_id, parse_ref


@pytest.mark.parametrize(
    ("full", "kind", "name"),
    [
        ("refs/heads/main", "branch", "main"), ("refs/heads/feature/x-1", "branch", "feature/x-1"),
        ("refs/tags/v1.0", "tag", "v1.0"), ("refs/pull/3/head", "other", "pull/3/head"),
        ("refs/heads/refs/heads/x", "branch", "refs/heads/x"), ("refs/heads/a@b", "branch", "a@b"),
        ("refs/heads/<b>'\"$(id)", "branch", "<b>'\"$(id)"), ("refs/heads/.".replace(".", "\u00fc"), "branch", "\u00fc"),
    ],
)  # fmt: skip
def test_refs(full, kind, name):
    ref = parse_ref(full)
    assert (ref.full, ref.kind, ref.name) == (full, kind, name)


@pytest.mark.parametrize(
    "name",
    [
        "", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a..b", "a.", "a b", "a~1", "a^", "a:b", "a?", "a*",
        "a[b", "a\\b", "@", "a@{1}", "a\nb", "a\x7f", "a\0", "-a", "\ud800", "x" * 1025,
    ],
)  # fmt: skip
def test_what_git_or_a_command_line_does_not_take(name):
    with pytest.raises(TriggerInvalid, match="not a name of a branch"):
        check_name(name, "branch")


@pytest.mark.parametrize(
    "full", ["", "main", "HEAD", "refs", "refs/", "refs/heads/", "REFS/heads/x"]
)
def test_what_is_no_full_name(full):
    with pytest.raises(TriggerInvalid):
        parse_ref(full)


def test_object_ids():
    assert object_id("0" * 40) is None
    assert object_id("0" * 64) is None
    assert object_id("0" * 39 + "1") == "0" * 39 + "1"
    assert commit_id("e" * 64) == "e" * 64
    for wrong in ("", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "a" * 40 + "\n", "\u0661" * 40):
        with pytest.raises(TriggerInvalid):
            object_id(wrong)
    with pytest.raises(TriggerInvalid, match="all zeros"):
        commit_id("0" * 40)


@given(st.text(max_size=30))
def test_a_name_that_passes_is_harmless_in_a_command_and_a_path(name):
    try:
        check_name(name, "branch")
    except TriggerInvalid:
        return
    assert not name.startswith(("-", "/", "."))
    assert ".." not in name
    assert name.isprintable() or not name.isascii()
