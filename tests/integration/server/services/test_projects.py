"""Projects: made with a repository, changed by known names, removed with all they have."""

import sys
import types

import pytest

from fairlead.errors import Conflict, FairleadError, NotFound
from fairlead.model import Trigger
from fairlead.server.logs.storage import FolderStorage


@pytest.fixture
def verbs(database):
    from fairlead.server.services import projects

    return projects


@pytest.fixture
def repositories(monkeypatch):
    """What the hosting half is asked for."""
    import fairlead.server.hosting

    asked = []
    module = types.ModuleType("fairlead.server.hosting.repositories")
    module.create = lambda _told, name, branch: asked.append(("create", name, branch))
    module.folder = lambda _told, name: name
    module.is_repository = lambda _path: True
    module.point_head = lambda path, branch: asked.append(("head", path, branch))
    module.remove = lambda _told, name: asked.append(("remove", name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(fairlead.server.hosting, "repositories", module, raising=False)
    return asked


def test_a_hosted_project_has_a_repository(verbs, repositories):
    project = verbs.create("sample", concurrency=2, labels=["py36"])
    assert verbs.by_name("sample") == project
    assert (project.concurrency, project.labels) == (2, ["py36"])
    assert repositories == [("create", "sample", "main")]
    with pytest.raises(Conflict):
        verbs.create("sample")


def test_without_a_repository_there_is_no_project(verbs, repositories, monkeypatch):
    import fairlead.server.hosting.repositories as module

    def fail(_told, _name, **_more):
        raise FairleadError("the disk is full")

    monkeypatch.setattr(module, "create", fail)
    with pytest.raises(FairleadError, match="full"):
        verbs.create("sample")
    with pytest.raises(NotFound):
        verbs.by_name("sample")


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "a b", "-a", "a" * 101, "a\0", "é", "a\n"])
def test_names_are_slugs(verbs, repositories, name):
    with pytest.raises(FairleadError):
        verbs.create(name)
    with pytest.raises(NotFound):
        verbs.by_name(name)
    assert not repositories


def test_a_mirror_needs_an_address_that_runs_nothing(verbs, repositories):
    odd = ("", "ext::sh -c id", "example.org/x", "--upload-pack=x", "https://a b", "a@b::c")
    for url in (*odd, "file:///", "file://", "file:////", "https:///", "ssh:///x"):
        with pytest.raises(FairleadError):
            verbs.create("mirror", kind="mirrored", url=url)
    good = ("https://example.org/x.git", "git@example.org:a/b.git", "file:///srv/x.git")
    for number, url in enumerate(good):
        verbs.create(f"mirror{number}", kind="mirrored", url=url)
    assert not repositories


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": ["a+b"]},
        {"concurrency": -1},
        {"concurrency": 1 << 20},
        {"cron": "every day"},
        {"default_branch": "a..b"},
        {"default_branch": ""},
        {"triggers": {"branches": "main"}},
        {"webhook_secret": "a\0b"},
        {"webhook_secret": "\udce9"},
        {"counted": 7},
        {"name": "other"},
    ],
)
def test_settings_that_are_none_change_nothing(verbs, repositories, fields):
    project = verbs.create("sample")
    with pytest.raises(FairleadError):
        verbs.change(project, **fields)
    again = verbs.by_name("sample")
    assert (again.labels, again.concurrency, again.counted) == ([], 0, 0)


def test_a_change_leaves_the_other_columns(verbs, repositories):
    from fairlead.server.services import builds

    project = verbs.create("sample")
    builds.create(project, Trigger(event="push", branch="main", commit="a" * 40))
    verbs.change(project, keep_days=3, triggers={"branches": ["main"]}, cron="@daily")
    assert repositories[-1][0] == "create"
    verbs.change(project, default_branch="trunk")
    assert repositories[-1] == ("head", "sample", "trunk")
    project.refresh_from_db()
    assert (project.counted, project.keep_days) == (1, 3)


def test_a_project_goes_with_all_it_has(verbs, repositories, tmp_path):
    from fairlead.server.services import builds, tokens
    from fairlead.server.store.models import Build, Delivery, Token

    project = verbs.create("sample")
    build = builds.create(project, Trigger(event="push", branch="main", commit="a" * 40))
    Delivery.objects.create(project=project, source="push", key="1", body=b"", fate="built")
    tokens.issue("a", ["read"], project=project)
    Build.objects.update(state="running")
    with pytest.raises(Conflict, match="still run"):
        verbs.remove(project, FolderStorage(tmp_path))
    assert not verbs.by_name("sample").enabled
    Build.objects.update(state="cancelled")
    verbs.remove(project, FolderStorage(tmp_path))
    assert not any(model.objects.exists() for model in (Build, Delivery, Token))
    assert repositories[-1] == ("remove", "sample")
    assert build.pk
