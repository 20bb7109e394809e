"""Webhooks at the endpoint: proved, kept, built once; nobody else is let in."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

FORGES = ("github", "gitlab", "gitea")
EVENTS = {"github": "push", "gitlab": "Push Hook", "gitea": "push"}
FORKS = {
    "github": ("pull_request", "pull_request_fork"),
    "gitlab": ("Merge Request Hook", "merge_request_fork"),
    "gitea": ("pull_request", "pull_request_fork"),
}
SECRET = "correct-horse-battery"


@pytest.mark.parametrize("forge", FORGES)
def test_a_push_is_built(forge, send, sample, builds, kept):
    status, said, _ = send(forge, EVENTS[forge], sample(forge, "push"))
    [build], [delivery] = builds(), kept()
    assert status == 202
    assert said == {
        "delivery": delivery.pk,
        "fate": "built",
        "reason": "",
        "builds": [{"number": 1, "url": "http://127.0.0.1:8600/p/sample/1/"}],
    }
    assert (build.event, build.branch, build.state, build.trusted) == (
        "push",
        "main",
        "queued",
        True,
    )
    assert (delivery.source, delivery.fate, delivery.build) == (forge, "built", build)
    assert json.loads(bytes(delivery.body)) == sample(forge, "push")
    assert delivery.size == len(delivery.body)


def test_forgejo_is_an_address_of_its_own(send, sample, builds):
    assert send("forgejo", "push", sample("gitea", "push"))[0] == 202
    assert len(builds()) == 1


@pytest.mark.parametrize("forge", FORGES)
def test_what_proves_a_delivery_is_not_kept(forge, send, sample, kept):
    send(forge, EVENTS[forge], sample(forge, "push"))
    send(forge, EVENTS[forge], sample(forge, "push"), secret="another-secret")
    for delivery in kept():
        assert "content-type" in delivery.headers
        names = set(delivery.headers)
        assert not names & {"cookie", "x-gitlab-token", "x-hub-signature-256", "x-gitea-signature"}


def test_a_secret_in_the_body_is_not_kept(send, sample, kept):
    send("gitea", "push", {**sample("gitea", "push"), "secret": SECRET})
    assert SECRET.encode() not in bytes(kept()[0].body)
    assert json.loads(bytes(kept()[0].body))["secret"] == "***"


@pytest.mark.parametrize("forge", FORGES)
def test_a_forged_delivery_is_refused_and_kept(forge, send, sample, builds, kept):
    status, said, _ = send(forge, EVENTS[forge], sample(forge, "push"), secret="guessed")
    assert (status, said["fate"]) == (403, "refused")
    assert "does not fit the project's webhook secret" in said["reason"]
    assert not builds()
    assert [one.fate for one in kept()] == ["refused"]
    assert said["reason"] in kept()[0].reason


def test_an_altered_body_is_refused(send, signed, sample, builds):
    body = json.dumps(sample("github", "push")).encode()
    altered = body.replace(b"refs/heads/main", b"refs/heads/evil")
    assert send("github", "push", altered, headers=signed("github", "push", body))[0] == 403
    assert not builds()


def test_an_unsigned_delivery_is_refused(send, sample):
    headers = [("X-GitHub-Event", "push"), ("Content-Type", "application/json")]
    status, said, _ = send("github", "push", sample("github", "push"), headers=headers)
    assert status == 403
    assert "not signed" in said["reason"]


def test_a_project_without_a_secret_reads_nothing(send, sample, change, kept):
    change(webhook_secret="")
    status, said, _ = send("github", "push", sample("github", "push"), secret="")
    assert status == 403
    assert "no webhook secret" in said["reason"]
    assert send.pieces_read == 0
    assert [one.fate for one in kept()] == ["refused"]


def test_two_secrets_hold_while_one_is_changed(send, sample, change):
    change(webhook_secret=f"{SECRET}\nnewer-secret")
    push = sample("github", "push")
    assert send("github", "push", push)[0] == 202
    assert send("github", "push", {**push, "forced": True}, secret="newer-secret")[0] == 202
    assert send("github", "push", push, secret=f"{SECRET}\nnewer-secret")[0] == 403


@pytest.mark.parametrize("forge", FORGES)
def test_a_delivery_that_comes_again_builds_nothing(forge, send, sample, builds, kept):
    send(forge, EVENTS[forge], sample(forge, "push"))
    status, said, _ = send(forge, EVENTS[forge], sample(forge, "push"))
    assert (status, said["fate"]) == (200, "repeated")
    assert "came before, as delivery" in said["reason"]
    assert said["builds"][0]["number"] == 1
    assert len(builds()) == 1
    assert [one.fate for one in kept()] == ["built", "repeated"]


def test_a_new_name_does_not_make_it_a_new_delivery(send, signed, sample, builds):
    body = json.dumps(sample("github", "push")).encode()
    for name in ("first", "second"):
        headers = [*signed("github", "push", body), ("X-GitHub-Delivery", name)]
        send("github", "push", body, headers=headers)
    assert len(builds()) == 1


def test_a_deletion_that_comes_again_cancels_nothing_newer(send, sample, builds):
    branch = sample("github", "branch_deleted")["ref"]
    send("github", "push", sample("github", "branch_deleted"))
    send("github", "push", {**sample("github", "push"), "ref": branch})
    assert send("github", "push", sample("github", "branch_deleted"))[1]["fate"] == "repeated"
    assert [one.state for one in builds()] == ["queued"]


def test_the_same_one_twice_at_once_is_built_once(send, sample, builds, kept):
    push = sample("github", "push")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send("github", "push", push), range(4)))
    assert sorted(answer[0] for answer in answers) == [200, 200, 200, 202]
    assert len(builds()) == 1
    assert len(kept()) == 4


def test_a_closed_pull_request_ends_what_waits_of_it(send, sample, builds):
    pull = sample("github", "pull_request")
    send("github", "pull_request", pull)
    send("github", "pull_request", {**pull, "action": "closed"})
    [build] = builds()
    assert (build.state, build.reason) == ("cancelled", "pull request 7 was closed")


@pytest.mark.parametrize("forge", FORGES)
def test_a_pull_request_from_a_fork_waits(forge, send, sample, builds):
    event, name = FORKS[forge]
    send(forge, event, sample(forge, name))
    [build] = builds()
    assert (build.state, build.trusted, build.job_id) == ("held", False, None)


def test_other_repositories_of_the_owner_are_not_this_project(send, sample, change, builds):
    push = sample("github", "push")
    for url in ("https://forge.example/acme/other.git", "git@forge.example:acme/thebank.git"):
        change(url=url)
        said = send("github", "push", {**push, "compare": url})[1]
        assert "it is about acme/bank, and the project is" in said["reason"]
    assert not builds()


@pytest.mark.parametrize(
    "url",
    [
        "https://forge.example/Acme/bank.git",
        "https://forge.example/git/acme/bank/",
        "ssh://git@forge.example:22/acme/bank.git",
        "git@forge.example:acme/bank.git",
        "file:///srv/mirrors/x.git",
    ],
)
def test_the_repository_of_the_project(url, send, sample, change, builds):
    change(url=url)
    assert send("github", "push", sample("github", "push"))[0] == 202
    assert len(builds()) == 1


def test_what_is_not_built_says_why(send, sample, change):
    assert "ping" in send("github", "ping", sample("github", "ping"))[1]["reason"]
    change(triggers={"branches": ["release/*"]})
    status, said, _ = send("github", "push", sample("github", "push"))
    assert (status, said["fate"], said["reason"]) == (
        200,
        "ignored",
        "branch is main, not release/*",
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"ref": 1}', b"[" * 100_000, b'{"ref": "\\ud800"}'],
)
def test_a_malformed_delivery_is_refused_and_kept(body, send, builds, kept):
    status, said, _ = send("github", "push", body)
    assert (status, said["fate"]) == (400, "refused")
    assert not builds()
    assert [one.fate for one in kept()] == ["refused"]
    assert len(kept()[0].body) <= 4096


def test_hostile_names_are_kept_as_they_are_and_run_nothing(send, sample, builds):
    push = sample("github", "push")
    push["ref"] = "refs/heads/<script>alert(1)</script>"
    push["head_commit"]["message"] = "a\0b\x1b[31m"
    send("github", "push", push)
    [build] = builds()
    assert build.branch == "<script>alert(1)</script>"
    assert "\0" not in build.message


@pytest.mark.parametrize("ref", ["refs/heads/--upload-pack=x", "refs/heads/../../x", "main"])
def test_names_that_no_ref_may_have_are_refused(ref, send, sample, builds):
    push = {**sample("github", "push"), "ref": ref}
    assert send("github", "push", push)[0] == 400
    assert not builds()


def test_a_huge_delivery_is_not_read_to_its_end(send, kept):
    piece = b"x" * (1 << 20)
    status, said, _ = send.request("/hooks/github/sample", [piece] * 100)
    assert (status, said["fate"]) == (413, "refused")
    assert send.pieces_read == 26
    [delivery] = kept()
    assert (delivery.fate, bytes(delivery.body)) == ("refused", b"")


def test_one_that_says_it_is_huge_is_not_read_at_all(send):
    headers = [("Content-Length", "999999999999")]
    assert send.request("/hooks/github/sample", headers=headers)[0] == 413
    assert send.pieces_read == 0


def test_a_connection_that_is_lost(send, kept):
    status, said, _ = send.request("/hooks/github/sample", [])
    assert status == 400
    assert "lost" in said["reason"]
    assert [one.fate for one in kept()] == ["refused"]


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/github/none",
        "/hooks/sourcehut/sample",
        "/hooks/github",
        "/hooks/github/sample/more",
        "/hooks/github/%2e%2e",
        "/hooks/github/sam\0ple",
    ],
)
def test_addresses_that_lead_nowhere(path, send, kept):
    assert send.request(path)[0] == 404
    assert send.pieces_read == 0
    assert not kept()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_webhooks_are_posted(method, send):
    status, _, headers = send.request("/hooks/github/sample", method=method)
    assert (status, headers["allow"]) == (405, "POST")


def test_who_is_refused_too_often_is_not_listened_to(send, sample, kept):
    push = sample("github", "push")
    for _ in range(30):
        assert send("github", "push", push, secret="guess")[0] == 403
    status, _, headers = send("github", "push", push, secret="guess")
    assert status == 429
    assert 0 < int(headers["retry-after"]) <= 61
    assert len(kept()) == 30
    assert send.request("/hooks/github/sample", address="192.0.2.2")[0] == 403


def test_an_error_of_ours_is_no_refusal(send, sample, monkeypatch):
    from fairlead.server.services import deliveries

    def broken(*_args):
        raise RuntimeError("the database is away")

    monkeypatch.setattr(deliveries, "accept", broken)
    status, said, headers = send("github", "push", sample("github", "push"))
    assert (status, headers["retry-after"]) == (503, "60")
    assert "database" not in said["reason"]
    assert send.endpoint.refusals.wait("192.0.2.1") == 0
