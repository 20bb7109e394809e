"""What a project wants built, and the words that ask for no build."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Trigger
from fairlead.triggers.filters import Filters, refusal, skip_word
from fairlead.triggers.lines import line_of, line_of_ended


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Mend [skip ci]", "[skip ci]"), ("[ci skip] Mend", "[ci skip]"), ("x\n\n[SKIP CI]", "[SKIP CI]"),
        ("[no ci]", "[no ci]"), ("[skip-ci]", "[skip-ci]"), ("[ci-skip]", "[ci-skip]"), ("[skip fairlead]", "[skip fairlead]"),
        ("[fairlead skip]", "[fairlead skip]"), ("Words\n\nskip-checks: true", "skip-checks: true"),
        ("Words\n\nskip-checks:true\n", "skip-checks: true"), ("Words\n\nReviewed-by: A\nskip-checks: true\nSigned-off-by: B", "skip-checks: true"),
        ("", ""), ("skip ci", ""), ("[skip]", ""), ("[skip ci later]", ""), ("[skip travis]", ""), ("[ci no]", ""),
        ("skip-checks: true", ""), ("Words\n\nskip-checks: true\n\nand more", ""), ("Words\n\nskip-checks: trueish", ""),
    ],
)  # fmt: skip
def test_words_that_ask_for_no_build(message, said):
    assert skip_word(message) == said


def test_many_trailers_do_not_take_for_ever():
    assert skip_word("x\n\n" + "a:\n" * 50_000 + "!") == ""
    assert skip_word("\n\n" * 50_000 + "skip-checks") == ""
    assert skip_word("x\n\n" + "skip-checks: true\n" * 50_000 + "!") == ""


PUSH = Trigger(event="push", branch="main", changed=("src/a.py",))
PULL = Trigger(event="pull_request", branch="main", pull_request="7", action="opened")
TAG = Trigger(event="tag", tag="v1")


@pytest.mark.parametrize(
    ("trigger", "filters", "reason"),
    [
        (PUSH, Filters(), ""),
        (PUSH, Filters(branches=("release/*",)), "branch is main, not release/*"),
        (PUSH, Filters(branches=("!main",)), "branch is main, not !main"),
        (PUSH, Filters(branches=("main",), tags=("nothing",)), ""),
        (PUSH, Filters(branches=("a", "b", "c", "d", "e")), "branch is main, not a or b or c or 2 more"),
        (PUSH, Filters(paths=("docs/",)), "no changed path is docs/"),
        (PUSH, Filters(paths=("src/",)), ""),
        (Trigger(event="push", branch="main"), Filters(paths=("docs/",)), ""),
        (PUSH, Filters(events=("tag", "pull_request")), "the project builds tag or pull_request, not push"),
        (TAG, Filters(branches=("main",)), ""),
        (TAG, Filters(tags=("release-*",)), "tag is v1, not release-*"),
        (PULL, Filters(branches=("other",)), "branch is main, not other"),
        (Trigger(event="pull_request", trusted=False), Filters(), ""),
        (Trigger(event="pull_request", trusted=False), Filters(forks=False), "the pull request comes from a fork"),
        (Trigger(event="pull_request", draft=True), Filters(), ""),
        (Trigger(event="pull_request", draft=True), Filters(drafts=False), "the pull request is a draft"),
        (Trigger(event="pull_request", action="ready"), Filters(drafts=False), ""),
        (Trigger(event="pull_request", action="ready"), Filters(), "the pull request was built as a draft, and no commit is new"),
        (Trigger(event="push", message="x [skip ci]"), Filters(), "the message says [skip ci]"),
        (Trigger(event="pull_request", title="x [ci skip]"), Filters(), "the message says [ci skip]"),
    ],
)  # fmt: skip
def test_refusals(trigger, filters, reason):
    assert refusal(trigger, filters) == reason


@pytest.mark.parametrize("event", ["manual", "api", "cron", "local"])
def test_what_was_asked_for_is_not_filtered(event):
    trigger = Trigger(
        event=event, branch="main", message="[skip ci]", draft=True, trusted=False, changed=()
    )
    filters = Filters(events=("push",), branches=("x",), paths=("y",), drafts=False, forks=False)
    assert refusal(trigger, filters) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_words_count_wherever_they_stand(before, after):
    assert skip_word(f"{before}[skip ci]{after}")


def test_lines_in_which_the_newest_counts():
    first = Trigger(event="push", repository="a/b", branch="main", commit="1" * 40)
    assert line_of(first) == line_of(
        Trigger(event="push", repository="a/b", branch="main", commit="2" * 40)
    )
    named = Trigger(event="push", repository="a/b", branch="7")
    pull = Trigger(event="pull_request", repository="a/b", branch="7", pull_request="7")
    others = [first, named, pull, Trigger(event="push", repository="c/d", branch="main")]
    assert len({line_of(one) for one in others}) == len(others)
    for event in ("tag", "cron", "manual", "api"):
        assert line_of(Trigger(event=event, repository="a/b", branch="main", tag="v1")) is None


def test_what_ended_ends_its_line():
    assert line_of_ended("a/b", "branch", "main") == line_of(
        Trigger(event="push", repository="a/b", branch="main")
    )
    pull = Trigger(event="pull_request", repository="a/b", branch="main", pull_request="7")
    assert line_of_ended("a/b", "pull_request", "7") == line_of(pull)
    assert line_of_ended("a/b", "tag", "v1") is None
