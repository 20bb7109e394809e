"""What GitLab tells."""

import base64

import pytest

from fairlead.errors import WebhookRefused, WebhookUnreadable
from fairlead.model import Trigger
from fairlead.triggers.outcome import Ended

A, B = "a" * 40, "b" * 40
NOW = 1_763_730_000.0
KEY = bytes(range(32))
SIGNING = "whsec_" + base64.b64encode(KEY).decode()


def test_a_push(deliver, sample):
    delivery = deliver("gitlab", "Push Hook", sample("gitlab", "push"))
    assert delivery.outcome.trigger == Trigger(
        event="push", repository="acme/bank", branch="main", commit=B, base=A, message="Mend the balance\n",
        author="alice", ref="refs/heads/main", delivery="f5e5f430",
    )  # fmt: skip
    assert (delivery.event, delivery.repository, delivery.repository_id) == (
        "push",
        "acme/bank",
        "15",
    )


def test_a_tag_and_a_deleted_branch(deliver, sample):
    trigger = deliver("gitlab", "Tag Push Hook", sample("gitlab", "tag")).outcome.trigger
    assert (trigger.event, trigger.tag, trigger.commit, trigger.base) == ("tag", "v1.0", B, None)
    gone = deliver("gitlab", "Push Hook", sample("gitlab", "branch_deleted")).outcome
    assert (gone.trigger, gone.ended) == (None, Ended(kind="branch", name="topic/one"))


def test_a_push_without_new_commits_is_built_without_a_message(deliver, sample):
    trigger = deliver(
        "gitlab", "Push Hook", sample("gitlab", "push") | {"commits": []}
    ).outcome.trigger
    assert (trigger.commit, trigger.message) == (B, "")


def test_a_merge_request_and_one_from_a_fork(deliver, sample):
    trigger = deliver(
        "gitlab", "Merge Request Hook", sample("gitlab", "merge_request")
    ).outcome.trigger
    assert trigger == Trigger(
        event="pull_request", repository="acme/bank", branch="main", commit=B, message="Raise the rates",
        author="alice", pull_request="7", ref="refs/merge-requests/7/head", action="opened", title="Interest rates",
        source_repository="acme/bank", source_branch="rates", delivery="f5e5f430",
    )  # fmt: skip
    fork = deliver(
        "gitlab", "Merge Request Hook", sample("gitlab", "merge_request_fork")
    ).outcome.trigger
    assert (fork.trusted, fork.source_repository, fork.action) == (
        False,
        "mallory/bank",
        "synchronised",
    )


def test_a_deleted_fork_is_not_trusted(deliver, sample):
    payload = sample("gitlab", "merge_request")
    payload["object_attributes"]["source_project_id"] = None
    assert not deliver("gitlab", "x", payload).outcome.trigger.trusted


@pytest.mark.parametrize(
    ("change", "changes", "action"),
    [
        ({"action": "open"}, {}, "opened"),
        ({"action": "reopen"}, {}, "reopened"),
        ({"action": "update", "oldrev": A}, {}, "synchronised"),
        ({"action": "update"}, {"draft": {"previous": True, "current": False}}, "ready"),
        ({"action": "update"}, {"draft": {"previous": False, "current": True}}, None),
        ({"action": "update"}, {"title": {"previous": "a", "current": "b"}}, None),
        ({"action": "approved"}, {}, None),
        ({"action": None}, {}, None),
        ({"last_commit": None}, {}, None),
    ],
)  # fmt: skip
def test_actions(deliver, sample, change, changes, action):
    payload = sample("gitlab", "merge_request") | {"changes": changes}
    payload["object_attributes"] |= change
    outcome = deliver("gitlab", "x", payload).outcome
    assert (outcome.trigger.action if outcome.trigger else None) == action
    assert bool(outcome.reason) is (action is None)


@pytest.mark.parametrize("action", ["close", "merge"])
def test_a_closed_merge_request_ends(deliver, sample, action):
    payload = sample("gitlab", "merge_request")
    payload["object_attributes"] |= {"action": action, "last_commit": None}
    assert deliver("gitlab", "x", payload).outcome.ended == Ended(kind="pull_request", name="7")


def test_both_words_for_a_draft_count(deliver, sample):
    for word in ("draft", "work_in_progress"):
        payload = sample("gitlab", "merge_request")
        payload["object_attributes"][word] = True
        assert deliver("gitlab", "x", payload).outcome.trigger.draft


def test_the_body_says_what_kind_it_is(deliver, sample):
    assert (
        deliver("gitlab", "Push Hook", sample("gitlab", "merge_request")).event == "merge_request"
    )
    assert (
        deliver("gitlab", "Push Hook", {"object_kind": "pipeline"}).outcome.reason
        == "pipeline is not built"
    )
    with pytest.raises(WebhookUnreadable, match="object_kind"):
        deliver("gitlab", "Push Hook", {"event": "push"})


def test_a_signed_delivery_is_known_by_its_signed_id(deliver, sample, standard):
    body = b'{"object_kind": "push_rule"}'
    keys = {
        deliver(
            "gitlab",
            "x",
            body,
            headers=standard(body, KEY, name=name, sent=NOW + ahead),
            secrets=[SIGNING],
        ).key
        for name, ahead in (("msg-1", 0), ("msg-1", 60), ("msg-2", 0))
    }
    assert len(keys) == 2


@pytest.mark.parametrize("apart", [-301, 301])
def test_an_old_or_early_signature_is_refused(deliver, standard, apart):
    body = b'{"object_kind": "push_rule"}'
    with pytest.raises(WebhookRefused, match="at most 300 s are accepted"):
        deliver(
            "gitlab", "x", body, headers=standard(body, KEY, sent=NOW + apart), secrets=[SIGNING]
        )
    near = standard(body, KEY, sent=NOW + apart // 301 * 300)
    assert deliver("gitlab", "x", body, headers=near, secrets=[SIGNING]).forge == "gitlab"


@pytest.mark.parametrize("field", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_part_of_a_signature_counts(deliver, standard, field):
    body = b'{"object_kind": "push_rule"}'
    good = standard(body, KEY)
    other = dict(standard(body + b" ", KEY, name="msg-2", sent=NOW - 1))[field]
    changed = [(name, other if name == field else value) for name, value in good]
    missing = [(name, value) for name, value in good if name != field]
    for headers in (changed, missing):
        with pytest.raises(WebhookRefused):
            deliver("gitlab", "x", body, headers=headers, secrets=[SIGNING])


def test_one_of_several_signatures_and_tokens_is_enough(deliver, standard):
    body = b'{"object_kind": "push_rule"}'
    good = dict(standard(body, KEY))
    good["webhook-signature"] = f"v1a,xx v1,AAAA {good['webhook-signature']} v1,###"
    old = "whsec_" + base64.b64encode(b"old").decode()
    assert (
        deliver("gitlab", "x", body, headers=good.items(), secrets=["plain", old, SIGNING]).id == ""
    )


def test_a_token_is_not_enough_where_only_signing_is_set_up(deliver):
    body = b'{"object_kind": "push_rule"}'
    with pytest.raises(WebhookRefused, match="not signed"):
        deliver("gitlab", "x", body, headers=[("X-Gitlab-Token", SIGNING)], secrets=[SIGNING, ""])
    with pytest.raises(WebhookRefused, match="does not fit"):
        deliver(
            "gitlab", "x", body, headers=[("X-Gitlab-Token", SIGNING)], secrets=[SIGNING, "plain"]
        )
    unfit = {"webhook-signature": "v1,AAAA", "webhook-id": "1", "webhook-timestamp": "1"}
    headers = {"X-Gitlab-Token": "plain"} | unfit
    with pytest.raises(WebhookRefused, match="webhook-signature does not fit"):
        deliver("gitlab", "x", body, headers=headers.items(), secrets=[SIGNING, "plain"])


def test_a_signing_token_that_was_copied_badly_is_told(deliver, standard):
    body = b"{}"
    with pytest.raises(WebhookRefused, match="signing token is not base64"):
        deliver("gitlab", "x", body, headers=standard(body, KEY), secrets=["whsec_%%%"])
