"""Remote repositories: looked at, fetched when a build needs them, on this host and elsewhere."""

from hashlib import sha1
from itertools import count, islice
from types import SimpleNamespace

import msgspec
import pytest

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import hidden, housekeeping, locate, mirrors, repositories
from fairlead.server.hosting.objects import has_object


@pytest.fixture
def here(tmp_path):
    """An installation that may mirror folders."""
    return Configuration(data=tmp_path / "data", mirror_protocols=("file",))


@pytest.fixture
def remote(client):
    """A repository of somebody else; returns its URL."""
    client.begin()
    return f"file://{client.folder}"


def test_a_look_tells_branches_and_tags_by_their_commits(here, remote, client):
    client("tag", "-a", "v1", "-m", "v1")
    first = client.head()
    assert mirrors.refresh(here, "m", remote) == {"refs/heads/main": first, "refs/tags/v1": first}
    second = client.commit(x="1")
    client("branch", "ü/x")
    client("tag", "-d", "v1")
    found = mirrors.refresh(here, "m", remote)
    assert found == {"refs/heads/main": second, "refs/heads/ü/x": second}


def test_what_was_forced_away_is_kept(here, remote, client):
    first = client.head()
    mirrors.refresh(here, "m", remote)
    client("commit", "-q", "--amend", "-m", "Other")
    mirrors.refresh(here, "m", remote)
    path = repositories.folder(here, "m")
    assert first in client("-C", path, "for-each-ref", "refs/fairlead/kept/").stdout
    assert hidden.expire(path) == 0


def test_hidden_refs_are_seen_however_git_keeps_them(here, remote, client):
    mirrors.refresh(here, "m", remote)
    path = repositories.folder(here, "m")
    assert not hidden.any_left(path)
    old = f"refs/fairlead/kept/20200101-{client.head()}"
    for keep in ("--no-all", "--all"):
        client("-C", path, "update-ref", old, client.head())
        client("-C", path, "pack-refs", keep)
        assert hidden.any_left(path)
        housekeeping.tidy(path)
        assert not client("-C", path, "for-each-ref", "refs/fairlead/").stdout
        assert not hidden.any_left(path)


def test_git_is_asked_to_pack_before_it_would_do_so(here, remote, client, monkeypatch):
    mirrors.refresh(here, "m", remote)
    path = repositories.folder(here, "m")
    asked = []
    monkeypatch.setattr(housekeeping, "git", lambda *words, **_: asked.append(words[0]))
    texts = (str(number) for number in count())
    alike = (text for text in texts if blob(text).startswith("17"))
    for text in islice(alike, 9):  # of which git would pack more than eight
        housekeeping.tidy(path)
        assert not asked
        client("-C", path, "hash-object", "-w", "--stdin", data=text)
        if len(list((path / "objects/17").iterdir())) > 6:
            break
    housekeeping.tidy(path)
    assert asked == ["gc"]


def blob(text):
    return sha1(b"blob %d\0" % len(text) + text.encode(), usedforsecurity=False).hexdigest()


def test_a_pull_request_is_brought_when_it_is_asked_for(here, remote, client):
    mirrors.refresh(here, "m", remote)
    client("checkout", "-q", "--detach")
    head = client.commit(x="1")
    client("update-ref", "refs/pull/3/head", head)
    client("checkout", "-q", "main")
    path = mirrors.bring(here, "m", remote, "refs/pull/3/head", head)
    assert has_object(path, head)
    client("-C", path, "gc", "-q", "--prune=now")
    assert has_object(path, head)


def test_a_commit_that_is_nowhere_is_said_to_be(here, remote):
    with pytest.raises(FairleadError, match="any more"):
        mirrors.bring(here, "m", remote, "refs/heads/main", "1" * 40)
    with pytest.raises(FairleadError, match="any more"):
        mirrors.bring(here, "m", remote, "refs/pull/9/head", "1" * 40)


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c x",
        "file:///x",
        "-oProxyCommand=x",
        "/x",
        "ftp://h/x",
        "ext::sh://x",
        "http://h/x",
    ],
)
def test_what_is_not_allowed_is_not_run(tmp_path, url):
    told = Configuration(data=tmp_path)
    with pytest.raises(FairleadError, match=r"not fetched by|not the address"):
        mirrors.refresh(told, "m", url)


def test_a_remote_that_is_away_is_told_without_its_password(tmp_path):
    told = Configuration(data=tmp_path, mirror_protocols=("http",))
    with pytest.raises(FairleadError) as caught:
        mirrors.refresh(told, "m", "http://me:hunter2@127.0.0.1:1/x.git")
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_a_url_opens_the_door(hosted, client, token, tmp_path):
    """Our own web node is the remote here."""
    head = client.begin()
    url = client.url(secret=token("read", "push"))
    client("push", "-q", url, "main")
    told = Configuration(data=tmp_path / "other", mirror_protocols=("http",))
    assert mirrors.refresh(told, "m", url) == {"refs/heads/main": head}


def build_of(project, commit, ref="refs/heads/main"):
    return SimpleNamespace(
        pk=7, project=project, commit=commit, read_trigger=lambda: SimpleNamespace(ref=ref)
    )


def test_a_commit_at_hand_is_located_without_any_process(hosted, client, token, told, monkeypatch):
    head = client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    monkeypatch.setenv("PATH", "")
    assert locate.make_locate(told)(build_of(hosted, head)) == repositories.folder(told, "sample")


def test_a_packed_commit_is_at_hand_as_well(hosted, client, token, told):
    head = client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    path = repositories.folder(told, "sample")
    client("-C", path, "gc", "-q")
    assert not (path / "objects" / head[:2]).exists()
    assert has_object(path, head)
    assert not has_object(path, head[:-1] + ("0" if head[-1] != "0" else "1"))


@pytest.fixture
def elsewhere(told, node, tmp_path, monkeypatch):
    """A worker on a host without the data folder."""
    from django.conf import settings

    with_token = msgspec.structs.replace(told, worker_token="w" * 30)
    monkeypatch.setattr(settings, "FAIRLEAD", with_token)
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))
    return msgspec.structs.replace(with_token, data=tmp_path / "none", url=node.url)


def test_a_worker_elsewhere_fetches_by_its_token(hosted, client, token, elsewhere):
    head = client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    find = locate.make_locate(elsewhere)
    path = find(build_of(hosted, head))
    assert client("-C", path, "rev-parse", "refs/heads/main").stdout.strip() == head
    assert find(build_of(hosted, head)) == path


def test_a_worker_elsewhere_is_given_what_is_pending(hosted, client, token, told, elsewhere):
    client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    pending = client.commit(x="1")
    path = repositories.folder(told, "sample")
    client("-C", path, "fetch", "-q", client.folder, "main:refs/fairlead/pending/20990101-x")
    found = locate.make_locate(elsewhere)(build_of(hosted, pending))
    assert has_object(found, pending)


def test_a_worker_elsewhere_hears_what_is_gone_and_what_is_not_its_own(
    hosted, client, token, elsewhere
):
    client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    with pytest.raises(FairleadError, match="any more"):
        locate.make_locate(elsewhere)(build_of(hosted, "1" * 40))
    wrong = msgspec.structs.replace(elsewhere, worker_token="x" * 30)
    with pytest.raises(FairleadError, match="token"):
        locate.make_locate(wrong)(build_of(hosted, "1" * 40))


def test_a_worker_elsewhere_waits_for_a_web_node_that_is_away(
    hosted, client, token, elsewhere, monkeypatch
):
    head = client.begin()
    client("push", "-q", client.url(secret=token("push")), "main")
    away = msgspec.structs.replace(elsewhere, url="http://127.0.0.1:1")
    monkeypatch.setattr(locate, "_PATIENCE", 0.1)
    with pytest.raises(FairleadError, match="cannot be reached"):
        locate.make_locate(away)(build_of(hosted, head))


def test_a_mirror_of_the_web_node_fetches_for_a_worker_elsewhere(
    make_hosted, client, told, elsewhere, monkeypatch
):
    from django.conf import settings

    from fairlead.model import Trigger
    from fairlead.server.services import builds
    from fairlead.server.store.models import Project

    monkeypatch.setattr(
        settings, "FAIRLEAD", msgspec.structs.replace(settings.FAIRLEAD, mirror_protocols=("file",))
    )
    head = client.begin()
    make_hosted("other")
    project = Project.objects.create(name="mirror", kind="mirrored", url=f"file://{client.folder}")
    trigger = Trigger(event="push", branch="main", commit=head, ref="refs/heads/main")
    build = builds.create(project, trigger)
    try:
        assert has_object(locate.make_locate(elsewhere)(build), head)
    finally:
        repositories.remove(told, "mirror")
