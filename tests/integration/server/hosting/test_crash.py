"""A web node that is killed in the middle of a push loses none."""

import os
import re
import subprocess
import sys

import pytest


@pytest.fixture
def mortal(database, tmp_path):
    """A web node as a process of its own; returns it and its port."""
    log = tmp_path / "node.log"
    argv = (sys.executable, "-m", "uvicorn", "--port", "0", "--timeout-graceful-shutdown", "9")
    env = {**os.environ, "FAIRLEAD_DATABASE_URL": database}
    env["DJANGO_SETTINGS_MODULE"] = "fairlead.server.settings"
    with log.open("wb") as out:
        process = subprocess.Popen([*argv, "fairlead.server.asgi:application"], stderr=out, env=env)
    yield process, lambda: re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
    process.kill()
    process.wait()


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def test_killed_between_the_refs_and_the_build(
    hosted, client, token, told, mortal, wait_until, monkeypatch
):
    from django.db import transaction

    from fairlead.server.hosting import repositories, rows
    from fairlead.server.store.models import Project

    head = client.begin()
    process, port = mortal
    found = wait_until(port)
    url = re.sub(r":\d+/", f":{found[1]}/", client.url(secret=token("push")))
    path = repositories.folder(told, "sample")
    known = rows.find("sample")
    with transaction.atomic():
        # Whoever makes a build waits for this row.
        Project.objects.select_for_update().get(pk=hosted.pk)
        going = client.start("push", url, "main")
        wait_until(lambda: repositories.tip(path, "refs/heads/main") == head)
        assert rows.left(told) == ["sample"]
        assert rows.recover(told, known) == 0  # it is held by the living
        process.kill()
        process.wait()
        going.communicate(timeout=30)
        assert not builds()
    wait_until(lambda: rows.recover(told, known))
    (build,) = builds()
    assert (build.branch, build.commit) == ("main", head)
    assert rows.left(told) == []
    assert rows.recover_all(told) == 0


def test_killed_before_the_refs_moved_nothing_is_built(hosted, client, told):
    from fairlead.server.hosting import receipts, repositories, rows

    head = client.begin()
    path = repositories.folder(told, "sample")
    refs = f"{'0' * 40} {head} refs/heads/main\n".encode()
    receipts.write(path, receipts.Receipt(key="k", refs=refs)).leave()
    assert rows.recover_all(told) == 1
    assert not builds()


def test_a_node_that_stops_refuses_what_is_undecided_and_leaves_the_rest(
    make_hosted, client, token, told, mortal, wait_until
):
    from fairlead.server.hosting import repositories

    make_hosted(protected=["main"])
    head = client.begin()
    process, port = mortal
    found = wait_until(port)
    url = re.sub(r":\d+/", f":{found[1]}/", client.url(secret=token("push")))
    watching = client.start("push", "-o", "wait", url, "main:topic")
    undecided = client.start("push", url, "main")
    wait_until(lambda: len(builds()) == 2)
    process.terminate()
    assert process.wait(60) is not None
    watching.communicate(timeout=20)
    assert "the server is being stopped" in undecided.communicate(timeout=20)[1]
    assert undecided.returncode
    path = repositories.folder(told, "sample")
    assert repositories.tip(path, "refs/heads/main") is None
    assert repositories.tip(path, "refs/heads/topic") == head
    states = {build.branch: build.state for build in builds()}
    assert states == {"topic": "queued", "main": "cancelled"}
