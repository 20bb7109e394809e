"""Refs that moved: git's own lines, looks at a remote, and pushes of many refs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.triggers import push
from fairlead.triggers.outcome import Ended, Outcome

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


def test_gits_own_lines():
    data = f"{A} {B} refs/heads/main\n{ZERO} {B} refs/tags/v1\n{A} {ZERO} refs/heads/caf\u00e9\n".encode()
    one, two, three = (
        push.outcome(u, repository="bank", author="alice") for u in push.read_post_receive(data)
    )
    assert (one.trigger.event, one.trigger.branch, one.trigger.base, one.trigger.commit) == (
        "push",
        "main",
        A,
        B,
    )
    assert (one.trigger.ref, one.trigger.repository, one.trigger.author) == (
        "refs/heads/main",
        "bank",
        "alice",
    )
    assert (two.trigger.event, two.trigger.tag, two.trigger.base) == ("tag", "v1", None)
    assert three.ended == Ended(kind="branch", name="caf\u00e9")


def test_an_empty_push_moves_nothing():
    assert push.read_post_receive(b"") == ()
    (same,) = push.read_post_receive(f"{A} {A} refs/heads/main\n".encode())
    assert (
        push.outcome(same, repository="bank").reason
        == "main did not move: a test, or an empty push"
    )


def test_a_tags_commit_and_what_else_is_known_are_taken_over():
    (update,) = push.read_post_receive(f"{ZERO} {A} refs/tags/v1\n".encode())
    trigger = push.outcome(
        update, repository="x", commit=B, message="m", forced=True, changed=("a",)
    ).trigger
    assert (trigger.commit, trigger.message, trigger.forced, trigger.changed) == (
        B,
        "m",
        True,
        ("a",),
    )


@pytest.mark.parametrize(
    "name", [b"refs/heads/-x", b"refs/heads/\xff\xfe", b"refs/heads/a b", b"HEAD"], ids=repr
)
def test_a_ref_with_an_odd_name_does_not_keep_others_from_being_built(name):
    data = f"{A} {B} ".encode() + name + f"\n{A} {B} refs/heads/main\n".encode()
    odd, main = (push.outcome(u, repository="bank") for u in push.read_post_receive(data))
    assert odd.trigger is None
    assert odd.reason.endswith("is no name a build can have")
    assert odd.reason.encode()
    assert main.trigger.branch == "main"


def test_refs_that_are_neither_branch_nor_tag_are_not_built():
    (update,) = push.read_post_receive(f"{ZERO} {B} refs/notes/commits\n".encode())
    assert (
        push.outcome(update, repository="bank").reason
        == "refs/notes/commits is neither a branch nor a tag"
    )


@pytest.mark.parametrize(
    "line", [f"{A} refs/heads/x", f"{A[:7]} {B} refs/heads/x", f"{A}  {B} refs/heads/x", f"{A} {B} ", "x", f"{A} {B} r\0"]
)  # fmt: skip
def test_a_line_of_another_form_is_told_with_its_number(line):
    with pytest.raises(TriggerInvalid, match="line 2 of the push is not two object ids and a ref"):
        push.read_post_receive(f"{A} {B} refs/heads/main\n{line}\n".encode())


def test_a_ref_that_was_never_there_is_told():
    with pytest.raises(TriggerInvalid, match="refs/heads/x was neither there before nor is it now"):
        push.read_post_receive(f"{ZERO} {ZERO} refs/heads/x\n".encode())


def test_ids_of_sha256_repositories_are_ids():
    (update,) = push.read_post_receive(f"{'0' * 64} {'c' * 64} refs/heads/main\n".encode())
    assert (update.before, update.after) == (None, "c" * 64)


def test_ten_thousand_refs_make_one_build():
    data = (
        "".join(f"{ZERO} {B} refs/heads/b{n}\n" for n in range(9_999))
        + f"{ZERO} {B} refs/heads/main\n"
    )
    outcomes = [push.outcome(u, repository="bank") for u in push.read_post_receive(data.encode())]
    kept = push.of_many(outcomes, default_branch="main")
    assert [one.trigger.branch for one in kept if one.trigger] == ["main"]
    assert kept[0].reason == "one push moved 10,000 refs, and at most 20 are built at once"
    assert len(kept) == 10_000
    assert not any(one.trigger for one in push.of_many(outcomes))


def test_deletions_do_not_count_and_are_kept():
    gone = [Outcome(ended=Ended(kind="branch", name=str(n)), reason="gone") for n in range(50)]
    (update,) = push.read_post_receive(f"{A} {B} refs/heads/x\n".encode())
    outcomes = [*gone, push.outcome(update, repository="bank")]
    assert push.of_many(outcomes, limit=1) == tuple(outcomes)
    assert push.of_many(outcomes, limit=0)[:50] == tuple(gone)


@pytest.mark.parametrize(("options", "said"), [(["ci.skip"], True), (["wait", "SKIP-CI "], True), (["wait"], False), ([], False)])  # fmt: skip
def test_push_options(options, said):
    assert push.wants_no_build(options) is said


def test_ls_remote_gives_branches_and_the_commits_of_tags():
    listing = (
        f"{A}\tHEAD\n{A}\trefs/heads/main\n{B}\trefs/pull/1/head\n{A}\trefs/tags/v1\n{B}\trefs/tags/v1^{{}}\n"
        f"{A}\trefs/heads/u\u2028\n"
    )
    found = push.read_ls_remote(listing.encode() + f"{A}\trefs/heads/".encode() + b"\xff\n")
    assert found == {"refs/heads/main": A, "refs/tags/v1": B, "refs/heads/u\u2028": A}


@pytest.mark.parametrize(
    "data", [b"fatal: no\n", b"abc\trefs/heads/x\n", ZERO.encode() + b"\trefs/heads/x\n"]
)
def test_a_listing_of_another_form_is_told(data):
    with pytest.raises(TriggerInvalid):
        push.read_ls_remote(data)


_REFS = st.dictionaries(
    st.sampled_from([f"refs/heads/{n}" for n in "abc"]), st.sampled_from([A, B])
)


@given(before=_REFS, after=_REFS)
def test_what_moved_leads_from_one_look_to_the_next(before, after):
    now = dict(before)
    for update in push.moved(before, after):
        assert now.pop(update.ref.full, None) == update.before
        if update.after:
            now[update.ref.full] = update.after
    assert now == after


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet=f"{A[:3]}0 \nrefs/heads", max_size=200).map(str.encode)
)
def test_any_bytes_are_refs_or_an_error_of_ours(data):
    for read in (push.read_post_receive, push.read_ls_remote):
        try:
            found = read(data)
        except TriggerInvalid:
            continue
        assert len(found) <= data.count(b"\n") + 1
