"""What GitHub tells."""

import json
from urllib.parse import urlencode

import pytest

from fairlead.errors import WebhookUnreadable
from fairlead.model import Trigger
from fairlead.triggers.outcome import Ended

A, B, C, ZERO = "a" * 40, "b" * 40, "c" * 40, "0" * 40


def test_a_push(deliver, sample):
    delivery = deliver("github", "push", sample("github", "push"))
    assert delivery.outcome.trigger == Trigger(
        event="push", repository="acme/bank", branch="main", commit=B, base=A, author="alice", ref="refs/heads/main",
        message="Mend the balance\n\nIt was off by one.", delivery="72d3162e-cc78-11e3",
        changed=("README.md", "src/accounts.py", "src/balance.py", "src/old.py"),
    )  # fmt: skip
    assert (delivery.forge, delivery.event, delivery.id) == ("github", "push", "72d3162e-cc78-11e3")
    assert (delivery.repository, delivery.repository_id) == ("acme/bank", "4711")


def test_a_form_holds_the_same(deliver, sample, signed):
    text = json.dumps(sample("github", "push"))
    body = urlencode({"payload": text}).encode()
    headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        *signed("github", "push", body)[1:],
    ]
    form, plain = (
        deliver("github", "push", body, headers=headers),
        deliver("github", "push", text.encode()),
    )
    assert form.outcome == plain.outcome
    assert form.key == plain.key


def test_an_annotated_tag_is_built_at_its_commit(deliver, sample):
    trigger = deliver("github", "push", sample("github", "tag")).outcome.trigger
    assert (trigger.event, trigger.tag, trigger.branch) == ("tag", "v1.0", None)
    assert (trigger.commit, trigger.base, trigger.changed) == (B, None, None)


def test_a_deleted_branch_ends_and_builds_nothing(deliver, sample):
    outcome = deliver("github", "push", sample("github", "branch_deleted")).outcome
    assert outcome.trigger is None
    assert outcome.ended == Ended(kind="branch", name="topic/one")
    assert outcome.reason == "the branch topic/one was deleted"


def test_a_ping_and_what_is_not_built_say_so(deliver, sample):
    ping = deliver("github", "ping", sample("github", "ping"))
    assert ping.outcome.reason == "a ping: the webhook is set up"
    assert ping.repository == "acme/bank"
    assert (
        deliver("github", "release", sample("github", "push")).outcome.reason
        == "release is not built"
    )
    assert deliver("github", "star", {}).outcome.reason == "star is not built"


@pytest.mark.parametrize(
    "change",
    [
        {"forced": True},
        {"before": ZERO, "created": True},
        {"commits": []},
        {"commits": None},
        {"commits": [{"id": C, "added": ["a"]}] * 2048},
        {"commits": [{"id": C, "added": ["a"]}, {"id": B}]},
        {"commits": [{"id": C, "modified": [f"f{n}" for n in range(3000)]}]},
        {"commits": [{"id": C, "added": ["a\0b"]}]},
    ],
    ids=["forced", "new", "none", "null", "too many commits", "a merge", "too many paths", "no path"],
)  # fmt: skip
def test_paths_are_unknown_where_the_payload_may_not_list_them_all(deliver, sample, change):
    trigger = deliver("github", "push", sample("github", "push") | change).outcome.trigger
    assert trigger.changed is None
    assert trigger.forced is change.get("forced", False)


def test_one_commit_less_than_the_limit_is_complete(deliver, sample):
    commits = [{"id": C, "added": ["a"]}] * 2047
    assert deliver(
        "github", "push", sample("github", "push") | {"commits": commits}
    ).outcome.trigger.changed == ("a",)


def test_a_pull_request_from_the_repository_itself(deliver, sample):
    trigger = deliver("github", "pull_request", sample("github", "pull_request")).outcome.trigger
    assert trigger == Trigger(
        event="pull_request", repository="acme/bank", branch="main", commit=B, base=A, author="alice",
        pull_request="7", ref="refs/pull/7/head", action="opened", title="Interest rates",
        source_repository="acme/bank", source_branch="rates", delivery="72d3162e-cc78-11e3",
    )  # fmt: skip


def test_one_from_a_fork_is_not_trusted(deliver, sample):
    trigger = deliver(
        "github", "pull_request", sample("github", "pull_request_fork")
    ).outcome.trigger
    assert not trigger.trusted
    assert trigger.draft
    assert (trigger.action, trigger.source_repository, trigger.author) == (
        "synchronised",
        "mallory/bank",
        "mallory",
    )


@pytest.mark.parametrize(
    "repo", [None, {"id": 4712, "full_name": "acme/bank"}], ids=["deleted", "same name"]
)
def test_a_fork_is_told_by_its_number(deliver, sample, repo):
    payload = sample("github", "pull_request")
    payload["pull_request"]["head"]["repo"] = repo
    assert not deliver("github", "pull_request", payload).outcome.trigger.trusted


@pytest.mark.parametrize(
    ("action", "ours"),
    [("opened", "opened"), ("synchronize", "synchronised"), ("reopened", "reopened"), ("ready_for_review", "ready")],
)  # fmt: skip
def test_actions_that_build(deliver, sample, action, ours):
    payload = sample("github", "pull_request") | {"action": action}
    assert deliver("github", "pull_request", payload).outcome.trigger.action == ours


def test_actions_that_do_not(deliver, sample):
    payload = sample("github", "pull_request")
    closed = deliver("github", "pull_request", payload | {"action": "closed"}).outcome
    assert (closed.trigger, closed.ended) == (None, Ended(kind="pull_request", name="7"))
    labeled = deliver("github", "pull_request", payload | {"action": "labeled"}).outcome
    assert (labeled.trigger, labeled.ended) == (None, None)
    assert labeled.reason == "pull request 7: 'labeled' changes nothing that is built"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ref": "refs/heads/../../etc"}, "not a name of a branch: '../../etc'"),
        ({"ref": "refs/heads/--upload-pack=x"}, "not a name of a branch: '--upload-pack=x'"),
        ({"ref": "refs/heads/a\x1b[31m"}, "not a name of a branch: 'a\\x1b[31m'"),
        ({"ref": "main"}, "not the full name of a ref: 'main'"),
        ({"after": "bbbbbbb"}, "not a full object id: 'bbbbbbb'"),
        ({"after": B + "\n"}, "not a full object id"),
        ({"before": ZERO, "after": ZERO}, "was neither there before nor is it now"),
        ({"repository": {"id": 4711}}, "missing required field `full_name` - at `$.repository`"),
        ({"repository": {"id": 10**30, "full_name": "x/y"}}, "not a push payload"),
        ({"commits": 3}, "`$.commits`"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_payload_is_named(deliver, sample, change, words):
    with pytest.raises(WebhookUnreadable) as error:
        deliver("github", "push", sample("github", "push") | change)
    assert words in error.value.message


def test_a_payload_under_another_event_is_no_build_of_another_kind(deliver, sample):
    with pytest.raises(WebhookUnreadable, match="not a pull_request payload"):
        deliver("github", "pull_request", sample("github", "push"))
    with pytest.raises(WebhookUnreadable, match="not a push payload"):
        deliver("github", "push", sample("github", "pull_request"))


def test_html_and_zero_bytes_in_texts_are_kept_as_texts(deliver, sample):
    payload = sample("github", "push") | {"ref": "refs/heads/<script>alert(1)</script>"}
    payload["head_commit"]["message"] = "a\0b" + "x" * 20_000
    trigger = deliver("github", "push", payload).outcome.trigger
    assert trigger.branch == "<script>alert(1)</script>"
    assert trigger.message.startswith("a\N{REPLACEMENT CHARACTER}bx")
    assert len(trigger.message) == 10_000
