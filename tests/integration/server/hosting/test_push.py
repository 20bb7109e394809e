"""Pushes by a real git to a real web node, and the builds that come of them."""

ZEROS = "0" * 40


def builds():
    from fairlead.server.store.models import Build

    return list(Build.objects.order_by("id"))


def test_a_push_is_a_build_and_says_where(hosted, client, token):
    first = client.begin()
    url = client.url(secret=token("push"))
    said = client("push", url, "main").stderr
    (build,) = builds()
    assert (build.branch, build.commit, build.event) == ("main", first, "push")
    assert (build.author, build.message) == ("T", "Begin")
    assert f"remote: build 1: http://127.0.0.1:8600/p/sample/{build.number}/" in said


def test_what_changed_is_known_of_the_second_push(hosted, client, token):
    client.begin()
    url = client.url(secret=token("push"))
    client("push", "-q", url, "main")
    client.commit(other="x\n")
    client("push", "-q", url, "main")
    trigger = builds()[1].read_trigger()
    assert (trigger.changed, trigger.forced) == (("other",), False)
    client("commit", "-q", "--amend", "-m", "Again")
    client("push", "-q", "-f", url, "main")
    assert builds()[2].read_trigger().forced


def test_ci_skip_and_a_push_of_nothing_build_nothing(hosted, client, token):
    client.begin()
    url = client.url(secret=token("push"))
    said = client("push", "-o", "ci.skip", url, "main").stderr
    assert "nothing is built: the push said ci.skip" in said
    assert "up-to-date" in client("push", url, "main").stderr
    assert not builds()


def test_deleted_and_unusual_refs_build_nothing(hosted, client, token):
    client.begin()
    url = client.url(secret=token("push"))
    said = client("push", url, "main:refs/heads/topic", "main:refs/notes/x").stderr
    assert "refs/notes/x: nothing is built" in said
    said = client("push", url, ":topic").stderr
    assert "the branch topic was deleted" in said
    assert [b.branch for b in builds()] == ["topic"]


def test_a_clone_gives_back_what_was_pushed(hosted, client, token, tmp_path):
    head = client.begin()
    url = client.url(secret=token("read", "push"))
    client("push", "-q", url, "main")
    client("clone", "-q", url, tmp_path / "copy")
    found = client("-C", tmp_path / "copy", "rev-parse", "HEAD").stdout.strip()
    assert found == head
    client("-c", "protocol.version=0", "clone", "-q", "--depth=1", url, tmp_path / "shallow")
