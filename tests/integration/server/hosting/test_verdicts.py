"""Pushes that wait for a verdict, and branches that take only what passes; by a real worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FAILING = (
    "cat > out.xml <<'X'\n<testsuite name='s'><testcase classname='a' name='good'/>"
    "<testcase classname='a' name='bad'><failure message='no'>why</failure></testcase>"
    "</testsuite>\nX\nexit 1"
)


@pytest.fixture(scope="module")
def hand(django, tmp_path_factory):
    """A worker for all tests of this module."""
    folder = tmp_path_factory.mktemp("hand")
    quick = {"HEARTBEAT": "0.2", "STALLED": "1.5", "REAP": "0.3", "GRACE": "1", "LEASE": "1"}
    env = {
        **os.environ,
        **{f"FAIRLEAD_EVERY_{key}": value for key, value in {**quick, "POLL": "0.5"}.items()},
        "FAIRLEAD_DATABASE_URL": django,
        "FAIRLEAD_HOME": str(folder / "home"),
        "FAIRLEAD_CONFIG": str(folder / "config"),
        "FAIRLEAD_SLOTS": "1",
    }
    script = Path(__file__).with_name("hand.py")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, script], env=env, stderr=log)
    yield folder / "log"
    process.terminate()
    process.wait(30)


@pytest.fixture
def worker(hand, database, wait_until):
    """A worker that is there; its rows were removed before the test, so it registers anew."""
    from fairlead.server.store.models import Worker

    wait_until(Worker.objects.exists)
    yield hand
    sys.stderr.write(hand.read_text())


@pytest.fixture
def url(client, token):
    return client.url(secret=token("push", "read"))


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def tips(client, url):
    lines = client("ls-remote", url, "refs/heads/*").stdout.splitlines()
    return {name.removeprefix("refs/heads/"): tip for tip, name in map(str.split, lines)}


def pending(told, client):
    from fairlead.server.hosting import repositories

    path = repositories.folder(told, "sample")
    return client("-C", path, "for-each-ref", "refs/fairlead/pending/").stdout


def test_who_waits_is_shown_steps_and_the_verdict(worker, hosted, client, url):
    client.begin("echo hello")
    said = client("push", "-o", "wait", url, "main").stderr
    assert "remote: build 1: http" in said
    assert "remote:   only: echo hello: passed after " in said
    assert "remote: build 1 passed: " in said


def test_who_waits_is_shown_what_failed_and_the_push_stands(worker, hosted, client, url):
    client.begin()
    more = "    reports:\n      junit: out.xml\n"
    client.commit(FAILING)
    text = (client.folder / "fairlead.yml").read_text() + more
    head = client.commit(**{"fairlead.yml": text})
    said = client("push", "-o", "wait", url, "main").stderr
    assert "remote:   failed: " in said
    assert "bad: no" in said
    assert "remote: build 1 failed: " in said
    assert tips(client, url) == {"main": head}


def test_a_protected_branch_takes_what_passes_and_builds_it_once(
    worker, make_hosted, client, url, told, wait_until
):
    make_hosted(protected=["main", "release/**"])
    head = client.begin("echo hello")
    said = client("push", url, "main", "main:topic").stderr
    assert "remote: accepted with build 1: http" in said
    assert "remote: build 2: http" in said
    assert [(b.branch, b.commit) for b in builds()] == [("main", head), ("topic", head)]
    assert tips(client, url) == {"main": head, "topic": head}
    wait_until(lambda: not pending(told, client))


def test_a_protected_branch_does_not_take_what_fails(
    worker, make_hosted, client, url, told, wait_until
):
    make_hosted(protected=["main"])
    first = client.begin("true")
    client("push", "-q", url, "main")
    client.commit("echo oh; exit 3")
    done = client("push", url, "main", check=False)
    assert done.returncode
    assert "remote: build 2 failed: " in done.stderr
    assert "remote: rejected: main is protected" in done.stderr
    assert "pre-receive hook declined" in done.stderr
    assert tips(client, url) == {"main": first}
    wait_until(lambda: not pending(told, client))


def test_a_protected_branch_cannot_go_round_its_build(worker, make_hosted, client, url):
    make_hosted(protected=["main"])
    first = client.begin()
    client("push", "-q", url, "main", "main:topic")
    client.commit()
    done = client("push", "-o", "ci.skip", url, "main", check=False)
    assert "nothing is built: the push said ci.skip" in done.stderr
    done = client("push", url, ":main", check=False)
    assert done.returncode
    assert tips(client, url) == {"main": first, "topic": first}


def test_who_leaves_takes_the_build_along(worker, make_hosted, client, url, told, wait_until):
    make_hosted(protected=["main"])
    client.begin("sleep 60")
    going = client.start("push", url, "main")
    wait_until(lambda: builds() and builds()[0].state == "running")
    assert pending(told, client)
    client.interrupt(going)
    wait_until(lambda: builds()[0].state == "cancelled")
    assert "did not wait" in builds()[0].reason
    wait_until(lambda: not pending(told, client))
    assert not tips(client, url)


def test_who_only_watches_may_leave(worker, hosted, client, url, wait_until):
    head = client.begin("sleep 2")
    going = client.start("push", "-o", "wait", url, "main")
    wait_until(lambda: builds() and builds()[0].state == "running")
    client.interrupt(going)
    assert tips(client, url) == {"main": head}
    wait_until(lambda: builds()[0].state == "passed")
