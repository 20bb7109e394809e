"""Proof, limits and hostile deliveries, the same for every forge."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import (
    FairleadError,
    UsageError,
    WebhookRefused,
    WebhookTooLarge,
    WebhookUnreadable,
)  # fmt: skip
from fairlead.triggers.webhook import FORGES, receive

SECRET, NOW = "correct horse", 1_763_730_000.0
PUSHES = [("github", "push", "push"), ("gitlab", "Push Hook", "push"), ("gitea", "push", "push")]
SAMPLES = [
    *PUSHES, ("github", "push", "tag"), ("github", "pull_request", "pull_request_fork"), ("gitlab", "x", "merge_request"),
    ("gitea", "pull_request", "pull_request"), ("gitea", "delete", "branch_deleted"), ("github", "ping", "ping"),
]  # fmt: skip
forges = pytest.mark.parametrize("which", PUSHES, ids=[forge for forge, _, _ in PUSHES])


@forges
def test_the_same_delivery_has_the_same_key(deliver, sample, which):
    forge, event, name = which
    payload = sample(forge, name)
    first, again = deliver(forge, event, payload), deliver(forge, event, payload)
    other = deliver(forge, event, payload | {"after": "d" * 40, "checkout_sha": None})
    assert first.key == again.key
    assert first.key != other.key
    assert len(first.key) == 64


@pytest.mark.parametrize("which", [PUSHES[0], PUSHES[2]])
def test_a_new_id_does_not_make_a_captured_delivery_new(deliver, sample, signed, which):
    forge, event, name = which
    body = json.dumps(sample(forge, name)).encode()
    renamed = [
        (h, "another" if h.endswith("Delivery") else v) for h, v in signed(forge, event, body)
    ]
    first, replayed = deliver(forge, event, body), deliver(forge, event, body, headers=renamed)
    assert replayed.id == "another"
    assert replayed.key == first.key


def test_pushes_that_look_the_same_differ_by_their_id_at_gitlab(deliver, sample, signed):
    body = json.dumps(sample("gitlab", "push")).encode()
    headers = [
        (h, "another" if h == "Idempotency-Key" else v) for h, v in signed("gitlab", "x", body)
    ]
    assert deliver("gitlab", "x", body).key != deliver("gitlab", "x", body, headers=headers).key


@forges
def test_without_or_with_a_wrong_proof_nothing_is_read(deliver, sample, signed, which):
    forge, event, name = which
    body = json.dumps(sample(forge, name)).encode()
    unsigned = signed(forge, event, body)[:-1]
    wrong = signed(forge, event, body, "another secret")
    for headers in (unsigned, wrong):
        with pytest.raises(WebhookRefused):
            deliver(forge, event, body, headers=headers)
        with pytest.raises(WebhookRefused):
            deliver(forge, event, b"{not json", headers=headers)


@forges
@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_a_project_without_a_secret_takes_nothing(deliver, signed, which, secrets):
    forge, event, _name = which
    headers = signed(forge, event, b"{}", "")
    if forge == "gitlab":
        headers[-1] = ("X-Gitlab-Token", "guess")
    with pytest.raises(WebhookRefused, match="no webhook secret"):
        deliver(forge, event, b"{}", headers=headers, secrets=secrets)


@forges
def test_two_secrets_hold_while_one_is_changed(deliver, sample, which):
    forge, event, name = which
    assert deliver(forge, event, sample(forge, name), secrets=["new", SECRET]).outcome.trigger


@forges
def test_a_header_that_came_twice_is_refused(deliver, sample, signed, which):
    forge, event, name = which
    body = json.dumps(sample(forge, name)).encode()
    headers = signed(forge, event, body)
    with pytest.raises(WebhookRefused, match="came 2 times"):
        deliver(forge, event, body, headers=[*headers, (headers[-1][0].upper(), headers[-1][1])])


@pytest.mark.parametrize(
    "value",
    ["sha1=" + "0" * 40, "0" * 64, "sha256=" + "0" * 63,
        "sha256=" + "0" * 65,
        "sha256=" + "0" * 64 + "zz", "sha256=" + "x" * 64, "sha256=", "sha256=" + "\u0663" * 64, "md5"],
)  # fmt: skip
def test_only_sha256_counts_at_github(deliver, value):
    with pytest.raises(WebhookRefused):
        deliver("github", "push", b"{}", headers=[("X-Hub-Signature-256", value)])


def test_the_kind_of_signature_must_be_said(deliver, signed):
    right = dict(signed("github", "push", b"{}"))["X-Hub-Signature-256"]
    assert (
        deliver("github", "star", b"{}", headers=[("X-Hub-Signature-256", right)]).forge == "github"
    )
    with pytest.raises(WebhookRefused, match="not a SHA-256 signature"):
        deliver(
            "github",
            "star",
            b"{}",
            headers=[("X-Hub-Signature-256", right.removeprefix("sha256="))],
        )


def test_sha1_is_not_looked_at(deliver):
    with pytest.raises(WebhookRefused, match="not signed"):
        deliver("github", "push", b"{}", headers=[("X-Hub-Signature", "sha1=" + "0" * 40)])


@forges
def test_too_large_a_body_is_refused_before_anything_else(deliver, which):
    forge, event, _name = which
    with pytest.raises(WebhookTooLarge, match="11 bytes; at most 10 are read"):
        deliver(forge, event, b"x" * 11, headers=[], limit=10)


HOSTILE = {
    "deep lists": b'{"x":' + b"[" * 200_000,
    "deep objects": b'{"repository":' + b'{"x":' * 200_000,
    "closed deep": b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "cut off": b'{"ref": "refs/heads/ma',
    "not utf-8": b'{"ref": "\xff", "object_kind": "\xff"}',
    "half a surrogate": b'{"ref": "\\ud800", "object_kind": "\\ud800"}',
    "a large number": b'{"repository": {"id": ' + b"9" * 10_000 + b', "full_name": "a/b"}}',
    "xml": b"<push/>",
}


@forges
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_signed_but_hostile_bodies_are_unreadable(deliver, which, body):
    forge, event, _name = which
    with pytest.raises(WebhookUnreadable):
        deliver(forge, event, body)


@pytest.mark.parametrize(
    "kind", ["text/xml", "multipart/form-data; boundary=x", "application/jsonp"]
)
def test_another_content_type_is_told(deliver, sample, signed, kind):
    body = json.dumps(sample("github", "push")).encode()
    with pytest.raises(WebhookUnreadable, match="not application/json"):
        deliver(
            "github",
            "push",
            body,
            headers=[("Content-Type", kind), *signed("github", "push", body)[1:]],
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"payload=a&payload=b",
        b"other=1",
        b"\xff",
        b"payload=%zz",
        b"&".join([b"a=1"] * 50),
    ],
)
def test_a_broken_form_is_unreadable(deliver, signed, body):
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        *signed("github", "push", body)[1:],
    ]
    with pytest.raises(WebhookUnreadable):
        deliver("github", "push", body, headers=headers)


def test_a_form_with_two_payloads_is_unreadable(deliver, signed):
    body = b"payload={}&payload={}"
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        *signed("github", "star", body)[1:],
    ]
    with pytest.raises(WebhookUnreadable, match="no field named payload, or several"):
        deliver("github", "star", body, headers=headers)


def test_an_id_that_no_forge_writes_is_left_out(deliver, sample, signed):
    body = json.dumps(sample("github", "push")).encode()
    for bad in ("<script>", "a b", "x" * 101, "\u00e9"):
        headers = [
            (h, bad if h.endswith("Delivery") else v) for h, v in signed("github", "push", body)
        ]
        assert deliver("github", "push", body, headers=headers).id == ""


def test_an_unknown_forge_is_told():
    with pytest.raises(UsageError) as error:
        receive("bitbucket", [], b"", secrets=[SECRET], now=NOW)
    assert error.value.hint == "known: github, gitlab, gitea, forgejo"
    assert FORGES["forgejo"] is FORGES["gitea"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["0" * 40, "a" * 40, "refs/heads/x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def _places(value, path=()):
    """The paths of all values within a payload."""
    yield path
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        yield from _places(child, (*path, key))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), which=st.sampled_from(SAMPLES))
def test_any_value_anywhere_gives_a_delivery_or_an_error_of_ours(deliver, sample, data, which):
    forge, event, name = which
    payload = sample(forge, name)
    path = data.draw(st.sampled_from([p for p in _places(payload) if p]))
    holder = payload
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(_VALUES)
    with suppress(FairleadError):
        outcome = deliver(forge, event, payload).outcome
        assert (outcome.trigger is None) == bool(outcome.reason)


@settings(deadline=None, max_examples=100)
@given(body=st.binary(max_size=200), which=st.sampled_from(PUSHES))
def test_any_bytes_give_an_error_of_ours(deliver, body, which):
    with pytest.raises(WebhookUnreadable):
        deliver(which[0], which[1], body)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), which=st.sampled_from([PUSHES[0], PUSHES[2]]))
def test_no_changed_body_is_taken_for_what_was_signed(deliver, sample, signed, data, which):
    forge, event, name = which
    body = bytearray(json.dumps(sample(forge, name)).encode())
    headers = signed(forge, event, bytes(body))
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WebhookRefused):
        deliver(forge, event, bytes(body), headers=headers)


@settings(deadline=None, max_examples=100)
@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                ["X-Hub-Signature-256", "X-Gitlab-Token", "X-Gitea-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"]
            ),
            st.text(max_size=70) | st.sampled_from(["v1,AAAA", "sha256=" + "a" * 64, "a" * 64, str(int(NOW))]),
        ),
        max_size=6,
    ),
    forge=st.sampled_from(sorted(FORGES)),
    secrets=st.lists(st.sampled_from(["", "s3cret-of-more-than-seventy-characters" * 2, "whsec_AAAA"]), max_size=3),
)  # fmt: skip
def test_no_headers_made_up_are_a_proof(headers, forge, secrets):
    with pytest.raises(WebhookRefused):
        receive(forge, headers, b'{"object_kind": "push"}', secrets=secrets, now=NOW)
