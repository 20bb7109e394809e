"""What Gitea and Forgejo tell."""

import pytest

from fairlead.errors import WebhookRefused, WebhookUnreadable
from fairlead.model import Trigger
from fairlead.triggers.outcome import Ended

A, B = "a" * 40, "b" * 40


def test_a_push(deliver, sample):
    delivery = deliver("gitea", "push", sample("gitea", "push"))
    assert delivery.outcome.trigger == Trigger(
        event="push", repository="acme/bank", branch="main", commit=B, base=A, message="Mend the balance\n",
        author="alice", ref="refs/heads/main", delivery="f6266f16-1bf3",
    )  # fmt: skip
    assert (delivery.forge, delivery.repository_id) == ("gitea", "4711")


def test_without_a_head_commit_the_list_is_asked(deliver, sample):
    payload = sample("gitea", "push") | {"head_commit": None}
    assert deliver("gitea", "push", payload).outcome.trigger.message == "Mend the balance\n"
    assert deliver("gitea", "push", payload | {"commits": None}).outcome.trigger.message == ""


def test_a_test_delivery_moves_nothing(deliver, sample):
    outcome = deliver("gitea", "push", sample("gitea", "push") | {"before": B}).outcome
    assert outcome.trigger is None
    assert outcome.reason == "main did not move: a test, or an empty push"


def test_tags_and_deletions(deliver, sample):
    trigger = deliver("gitea", "push", sample("gitea", "tag")).outcome.trigger
    assert (trigger.event, trigger.tag, trigger.commit) == ("tag", "v1.0", B)
    deleted = sample("gitea", "branch_deleted")
    assert deliver("gitea", "delete", deleted).outcome.ended == Ended(
        kind="branch", name="topic/one"
    )
    full = deleted | {"ref": "refs/tags/v1.0", "ref_type": "tag"}
    assert deliver("gitea", "delete", full).outcome.ended == Ended(kind="tag", name="v1.0")
    with pytest.raises(WebhookUnreadable, match="neither a branch nor a tag"):
        deliver("gitea", "delete", deleted | {"ref_type": "wiki"})
    assert deliver("gitea", "create", deleted).outcome.reason == "create is not built"


def test_a_pull_request_and_one_from_a_fork(deliver, sample):
    trigger = deliver("gitea", "pull_request", sample("gitea", "pull_request")).outcome.trigger
    assert trigger == Trigger(
        event="pull_request", repository="acme/bank", branch="main", commit=B, base=A, author="alice",
        pull_request="7", ref="refs/pull/7/head", action="opened", title="Interest rates",
        source_repository="acme/bank", source_branch="rates", delivery="f6266f16-1bf3",
    )  # fmt: skip
    fork = deliver("gitea", "pull_request", sample("gitea", "pull_request_fork")).outcome.trigger
    assert (fork.trusted, fork.action, fork.source_repository) == (
        False,
        "synchronised",
        "mallory/bank",
    )


def test_one_without_a_branch_is_not_trusted_though_it_seems_to_be_of_the_repository(
    deliver, sample
):
    trigger = deliver("gitea", "pull_request", sample("gitea", "pull_request_agit")).outcome.trigger
    assert (trigger.trusted, trigger.source_branch) == (False, None)


@pytest.mark.parametrize(
    "head",
    [
        {"repo_id": -1, "repo": None},
        {"repo_id": 9001},
        {"repo_id": 15},
        {"repo_id": None, "repo": None},
    ],
)
def test_a_source_that_is_gone_or_unclear_is_not_trusted(deliver, sample, head):
    payload = sample("gitea", "pull_request")
    payload["pull_request"]["head"] |= head
    assert not deliver("gitea", "pull_request", payload).outcome.trigger.trusted


def test_drafts_are_told_by_field_or_title(deliver, sample):
    payload = sample("gitea", "pull_request")
    for change in ({"draft": True}, {"title": "WIP: rates"}, {"title": "[wip] rates"}):
        one = payload | {"pull_request": payload["pull_request"] | change}
        assert deliver("gitea", "pull_request", one).outcome.trigger.draft
    done = payload | {"action": "edited", "changes": {"title": {"from": "WIP: Interest rates"}}}
    assert deliver("gitea", "pull_request", done).outcome.trigger.action == "ready"
    words = payload | {"action": "edited", "changes": {"title": {"from": "Rates"}}}
    assert deliver("gitea", "pull_request", words).outcome.trigger is None


def test_closing_ends(deliver, sample):
    payload = sample("gitea", "pull_request") | {"action": "closed"}
    assert deliver("gitea", "pull_request", payload).outcome.ended == Ended(
        kind="pull_request", name="7"
    )


def test_forgejo_signs_under_two_names_and_both_must_fit(deliver, sample, signed):
    body = b'{"ref": ""}'
    gitea = signed("gitea", "star", body)
    right = dict(gitea)["X-Gitea-Signature"]
    forgejo = [*gitea, ("X-Forgejo-Event", "star"), ("X-Forgejo-Delivery", "id-2")]
    both = deliver("gitea", "star", body, headers=[*forgejo, ("X-Forgejo-Signature", right)])
    assert (both.event, both.id) == ("star", "id-2")
    assert deliver("gitea", "star", body, headers=[*forgejo[:3], ("X-Forgejo-Signature", right)])
    with pytest.raises(WebhookRefused, match="X-Forgejo-Signature"):
        deliver("gitea", "star", body, headers=[*forgejo, ("X-Forgejo-Signature", "0" * 64)])


def test_a_form_is_refused_with_what_to_do(deliver, signed):
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        *signed("gitea", "push", b"payload=x")[1:],
    ]
    with pytest.raises(WebhookUnreadable) as error:
        deliver("gitea", "push", b"payload=x", headers=headers)
    assert error.value.hint == "choose application/json in the webhook's settings"
