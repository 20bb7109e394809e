"""Builds by hand: of refs that are there, with parameters that are wanted."""

import subprocess

import msgspec
import pytest

from fairlead.errors import FairleadError, TriggerInvalid, UsageError


def git(folder, *words):
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def folder(database, tmp_path):
    """A project's hosted repository, as it is edited: main, a branch, a tag."""
    from django.conf import settings

    from fairlead.server.hosting import repositories

    ours = repositories.create(settings.FAIRLEAD, "hosted")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ours), str(clone)], check=True, capture_output=True)
    git(clone, "checkout", "-q", "-b", "main")
    git(clone, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(clone, "tag", "-a", "v1.0", "-m", "One")
    git(clone, "commit", "-q", "--allow-empty", "-m", "More")
    git(clone, "branch", "feature")
    git(clone, "checkout", "-q", "-b", "side")
    git(clone, "commit", "-q", "--allow-empty", "-m", "Aside")
    git(clone, "push", "-q", "origin", "--all")
    git(clone, "push", "-q", "origin", "--tags")
    yield clone
    repositories.remove(settings.FAIRLEAD, "hosted")


@pytest.fixture
def project(folder):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="hosted")


@pytest.fixture
def start(project):
    from fairlead.server.services.manual import start

    return lambda **words: start(type(project).objects.get(pk=project.pk), **words)


def test_without_a_name_the_default_branch_is_built(start, folder):
    build = start()
    assert (build.event, build.branch, build.tag) == ("manual", "main", "")
    assert (build.commit, build.message) == (git(folder, "rev-parse", "main"), "More")
    assert (build.author, build.state) == ("Ann", "queued")


def test_a_branch_and_a_tag(start, folder):
    build = start(branch="side", event="api", author="bob")
    assert (build.event, build.branch, build.author) == ("api", "side", "bob")
    assert build.message == "Aside"
    tag = start(tag="v1.0")
    assert (tag.tag, tag.branch) == ("v1.0", "")
    assert tag.commit == git(folder, "rev-parse", "v1.0^{commit}")


def test_a_commit_and_where_it_is(start, folder):
    first = git(folder, "rev-parse", "main^")
    assert start(commit=first[:8]).branch == "main"
    assert start(commit=first, branch="side").branch == "side"
    aside = start(commit=git(folder, "rev-parse", "side"))
    assert (aside.branch, aside.message) == ("side", "Aside")
    with pytest.raises(UsageError, match="is not on main of hosted"):
        start(commit=git(folder, "rev-parse", "side"), branch="main")


def test_a_commit_that_is_only_proposed_is_none_of_the_projects(start, folder):
    git(folder, "commit", "-q", "--allow-empty", "-m", "Proposed")
    git(folder, "push", "-q", "origin", "HEAD:refs/pull/7/head")
    with pytest.raises(UsageError, match="is on no branch or tag"):
        start(commit=git(folder, "rev-parse", "HEAD"))


def test_a_branch_that_is_called_like_an_id(start, folder):
    first = git(folder, "rev-parse", "main^")
    git(folder, "push", "-q", "origin", f"side:refs/heads/{first[:8]}")
    with pytest.raises(UsageError, match="has no commit"):
        start(commit=first[:8])
    assert start(commit=first).commit == first


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ({"branch": "featrue"}, "hosted has no branch 'featrue'", "did you mean feature?"),
        ({"branch": "v1.0"}, "hosted has no branch 'v1.0'", "there is a tag of that name"),
        ({"tag": "v1.1"}, "hosted has no tag 'v1.1'", "did you mean v1.0?"),
        ({"tag": "side"}, "hosted has no tag 'side'", "there is a branch of that name"),
        ({"branch": "zzz"}, "hosted has no branch 'zzz'", ""),
        ({"commit": "a" * 40}, "hosted has no commit", ""),
        ({"commit": "--help"}, "not the id of a commit: '--help'", "7 to 64"),
        ({"commit": "main"}, "not the id of a commit: 'main'", "7 to 64"),
        ({"branch": "main", "tag": "v1.0"}, "a branch and a tag are named", "one of them"),
    ],
)
def test_what_is_not_there_is_said_with_what_is_alike(words, said, hint, start, builds):
    with pytest.raises(UsageError) as error:
        start(**words)
    assert error.value.message.startswith(said)
    assert hint in error.value.hint
    assert not builds()


@pytest.mark.parametrize("branch", ["--upload-pack=x", "../../etc", "a b", "a\0b", "x" * 2000])
def test_names_that_no_branch_may_have(branch, start):
    with pytest.raises(TriggerInvalid, match="not a name of a branch"):
        start(branch=branch)


def test_an_empty_repository(database, start, project):
    from django.conf import settings

    from fairlead.server.hosting import repositories

    repositories.remove(settings.FAIRLEAD, "hosted")
    repositories.create(settings.FAIRLEAD, "hosted")
    with pytest.raises(UsageError) as error:
        start()
    assert error.value.hint == "nothing was pushed yet"


def test_a_mirror_is_brought_up_to_date_first(start, folder, project, settings_allow_files, change):
    change(kind="mirrored", url=f"file://{folder}")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Newer")
    assert start(branch="side").message == "Newer"
    change(url="file:///nonexistent")
    with pytest.raises(FairleadError):
        start()


@pytest.fixture
def settings_allow_files(monkeypatch, django):
    from django.conf import settings

    told = msgspec.structs.replace(settings.FAIRLEAD, mirror_protocols=("file",))
    monkeypatch.setattr(settings, "FAIRLEAD", told)


def test_wishes_are_the_builds(start):
    build = start(jobs=["unit"], labels=["big"], priority=3, parameters={"NAME": "x"})
    assert (build.only, build.labels, build.priority) == (["unit"], ["big"], 3)
    assert build.parameters == {"NAME": "x"}
    assert build.read_trigger().parameters == (("NAME", "x"),)


def test_jobs_that_an_earlier_build_of_the_commit_did_not_have(start, folder):
    from fairlead.server.store.models import Job

    planned = start(jobs=["nobody-knows-yet"])
    for place, key in enumerate(("unit-3.12", "style")):
        Job.objects.create(build=planned, key=key, place=place)
    assert start(jobs=["style"]).only == ["style"]
    with pytest.raises(UsageError, match="no job 'stile'") as error:
        start(jobs=["style", "stile"])
    assert error.value.hint == "did you mean style?"
    with pytest.raises(UsageError) as error:
        start(jobs=["x"])
    assert error.value.hint == "jobs: unit-3.12, style"
    git(folder, "commit", "-q", "--allow-empty", "-m", "New")
    git(folder, "push", "-q", "origin", "HEAD:new")
    assert start(branch="new", jobs=["stile"]).only == ["stile"]


def test_parameters_are_those_the_project_asks_for(start, change, builds):
    asked = [
        {"name": "LEVEL", "kind": "choice", "choices": ["low", "high"], "default": "low"},
        {"name": "DEBUG", "kind": "flag", "default": "no"},
    ]
    change(triggers={"parameters": asked})
    assert start().parameters == {"LEVEL": "low", "DEBUG": "false"}
    assert start(parameters={"LEVEL": "high"}).parameters["LEVEL"] == "high"
    with pytest.raises(TriggerInvalid, match="LEVEL: not one of low, high"):
        start(parameters={"LEVEL": "middle"})
    with pytest.raises(TriggerInvalid, match="'OTHER' is no parameter"):
        start(parameters={"OTHER": "x"})
    assert len(builds()) == 2


@pytest.mark.parametrize("name", ["PATH", "path", "LD_PRELOAD", "FAIRLEAD_JOB", "BASH_ENV", "A=B"])
def test_variables_that_are_not_a_jobs_to_set(name, start, builds):
    with pytest.raises(TriggerInvalid):
        start(parameters={name: "x"})
    assert not builds()


def test_a_disabled_project(start, change):
    change(enabled=False)
    with pytest.raises(FairleadError, match="disabled"):
        start()
