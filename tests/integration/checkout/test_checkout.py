import hashlib
import os
import subprocess

import pytest

from fairlead.errors import RepositoryError, StoreError, UsageError
from fairlead.runner.checkout import fill_workspace, open_source


def files_in(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    )


def fingerprint(folder):
    """Every byte and name below a folder, so that the slightest change shows."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(os.fsencode(path.relative_to(folder)))
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def test_the_files_as_they_are_without_ignored_ones(repo, home, tmp_path):
    repo.write("app.py", "two")
    repo.write("new.py")
    repo.write("noise.log")
    before = fingerprint(repo.root)
    source = open_source(repo.root, home)
    fill_workspace(source, tmp_path / "ws")
    assert files_in(tmp_path / "ws") == [".gitignore", "app.py", "new.py"]
    assert (tmp_path / "ws/app.py").read_text() == "two"
    assert source.dirty
    assert source.base == source.commit.id
    assert fingerprint(repo.root) == before, "the user's folder was touched"


def test_a_commit_is_built_as_it_was(repo, home, tmp_path):
    first = repo.git("rev-parse", "HEAD")
    repo.write("app.py", "two")
    repo.commit("second")
    source = open_source(repo.root, home, "HEAD~1")
    fill_workspace(source, tmp_path / "ws")
    assert (tmp_path / "ws/app.py").read_text() == "one"
    assert (source.commit.id, source.commit.message) == (first, "first")
    assert source.tree.read("app.py") == b"one"
    assert source.tree.read("absent.py") is None
    assert not source.dirty


def test_equal_files_have_equal_ids_whether_committed_or_not(repo, home):
    assert open_source(repo.root, home).tree_id == open_source(repo.root, home, "HEAD").tree_id


def test_git_describe_works_in_the_workspace(repo, home, tmp_path):
    repo.git("tag", "-a", "v1.2", "-m", "v1.2")
    repo.git("pack-refs", "--all")
    repo.write("more.py")
    repo.commit("second")
    source = open_source(repo.root, home)
    fill_workspace(source, tmp_path / "ws")
    describe = ("git", "describe", "--tags")
    done = subprocess.run(describe, cwd=tmp_path / "ws", capture_output=True, check=True)
    assert done.stdout.startswith(b"v1.2-1-g")
    status = ("git", "status", "--porcelain", "--branch")
    done = subprocess.run(status, cwd=tmp_path / "ws", capture_output=True, check=True)
    assert done.stdout.strip() == b"## main"


def test_a_folder_without_git_is_taken_whole_but_for_litter(tmp_path, home):
    root = tmp_path / "plain"
    for name in ("pkg/mod.py", ".venv/lib/x.py", "pkg/__pycache__/mod.pyc", "gen/version.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / ".gitignore").write_text("gen/\n")
    source = open_source(root, home)
    fill_workspace(source, tmp_path / "ws")
    assert files_in(tmp_path / "ws") == [".gitignore", "gen/version.py", "pkg/mod.py"]
    assert not (tmp_path / "ws/.git").exists()
    assert source.commit is None
    assert source.base is None


def test_a_folder_without_git_has_no_commits(tmp_path, home):
    with pytest.raises(RepositoryError, match="not a git repository"):
        open_source(tmp_path, home, "HEAD")


def test_an_empty_repository_can_be_run_as_it_is_but_has_no_commit(make_repo, home, tmp_path):
    repo = make_repo("empty")
    repo.write("app.py")
    source = open_source(repo.root, home)
    fill_workspace(source, tmp_path / "ws")
    assert files_in(tmp_path / "ws") == ["app.py"]
    assert source.trigger().commit is None
    with pytest.raises(RepositoryError, match="has no commit yet"):
        open_source(repo.root, home, "HEAD")


def test_a_bare_repository_is_built_at_its_head(repo, home, tmp_path):
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    source = open_source(tmp_path / "bare.git", home)
    fill_workspace(source, tmp_path / "ws")
    assert files_in(tmp_path / "ws") == [".gitignore", "app.py"]
    assert source.branch == "main"


def test_a_shallow_clone_says_what_it_lacks(repo, home, tmp_path):
    repo.write("app.py", "two")
    repo.commit("second")
    repo.git("clone", "-q", "--depth=1", repo.root.as_uri(), str(tmp_path / "shallow"))
    source = open_source(tmp_path / "shallow", home)
    fill_workspace(source, tmp_path / "ws")
    assert (tmp_path / "ws/app.py").read_text() == "two"
    with pytest.raises(RepositoryError, match="unshallow"):
        open_source(tmp_path / "shallow", home, "HEAD~1")


@pytest.mark.parametrize("name", ["two\nlines", 'a "quoted" \\ name\n'])
def test_a_folder_may_have_any_name(make_repo, home, tmp_path, name):
    repo = make_repo(name)
    repo.write("app.py", "one")
    commit = repo.commit()
    repo.write("app.py", "two")
    fill_workspace(open_source(repo.root, home), tmp_path / "ws")
    assert (tmp_path / "ws/app.py").read_text() == "two"
    command = ("git", "log", "-1", "--format=%H %s")
    told = subprocess.run(command, cwd=tmp_path / "ws", capture_output=True, text=True, check=True)
    assert told.stdout == f"{commit} change\n"


def test_submodules_come_along(repo, make_repo, home, tmp_path):
    library = make_repo("library")
    library.write("lib.py")
    library.commit()
    repo.git("submodule", "add", "-q", str(library.root), "vendor/library")
    repo.commit("with a submodule")
    source = open_source(repo.root, home)
    fill_workspace(source, tmp_path / "ws")
    assert (tmp_path / "ws/vendor/library/lib.py").read_text() == "x"


def test_a_submodule_nobody_fetched_is_an_empty_folder(repo, make_repo, home, tmp_path):
    library = make_repo("library")
    library.write("lib.py")
    library.commit()
    repo.git("submodule", "add", "-q", str(library.root), "vendor/library")
    repo.commit("with a submodule")
    repo.git("clone", "-q", repo.root.as_uri(), str(tmp_path / "clone"))
    fill_workspace(open_source(tmp_path / "clone", home), tmp_path / "ws")
    assert list((tmp_path / "ws/vendor/library").iterdir()) == []


def test_links_stay_links_also_those_that_lead_outside(repo, home, tmp_path):
    (repo.root / "outside").symlink_to("/etc/hostname")
    (repo.root / "inside").symlink_to("app.py")
    fill_workspace(open_source(repo.root, home), tmp_path / "ws")
    assert os.readlink(tmp_path / "ws/outside") == "/etc/hostname"
    assert (tmp_path / "ws/inside").read_text() == "one"


def test_file_names_of_every_kind(repo, home, tmp_path):
    names = [b"with\nnewline.py", b"caf\xe9.py", b'quo"te.py', b"-dash.py", b"sp ace.py"]
    for name in names:
        with open(os.fsencode(repo.root) + b"/" + name, "wb") as file:
            file.write(name)
    source = open_source(repo.root, home)
    fill_workspace(source, tmp_path / "ws")
    found = set(os.listdir(os.fsencode(tmp_path / "ws")))
    assert set(names) <= found
    assert {os.fsdecode(name) for name in names} <= set(source.tree.paths)
    changed = source.changed_since("HEAD")
    assert "caf\\xe9.py" in changed


def test_a_project_may_be_a_folder_of_a_repository(repo, home, tmp_path):
    repo.write("examples/bank/fairlead.yml", "jobs: {}")
    repo.write("examples/bank/src/bank.py")
    repo.commit("an example")
    repo.write("examples/bank/src/bank.py", "changed")
    source = open_source(repo.root / "examples/bank/src", home)
    assert source.root == repo.root / "examples/bank"
    fill_workspace(source, tmp_path / "ws")
    assert files_in(tmp_path / "ws") == ["fairlead.yml", "src/bank.py"]
    assert source.changed_since("HEAD") == ("src/bank.py",)
    assert b"+changed" in source.diff(source.base)
    assert open_source(repo.root / "examples/bank", home, "HEAD").tree.read("src/bank.py") == b"x"


def test_what_a_branch_changed_is_measured_from_where_it_began(repo, home):
    began = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "feature")
    repo.write("feature.py")
    repo.commit("feature")
    source = open_source(repo.root, home)
    assert source.base == began
    assert source.trigger().branch == "feature"


def test_a_tag_is_part_of_the_event_only_for_what_was_tagged(repo, home):
    repo.git("tag", "v1")
    assert open_source(repo.root, home).trigger().tag == "v1"
    repo.write("app.py", "changed")
    assert open_source(repo.root, home).trigger().tag is None


@pytest.mark.parametrize("revision", ["nowhere", "-x", "HEAD~99"])
def test_a_revision_that_does_not_exist(repo, home, revision):
    with pytest.raises(RepositoryError):
        open_source(repo.root, home, revision)


def test_comparing_with_a_revision_that_does_not_exist(repo, home):
    with pytest.raises(UsageError, match="'nowhere'"):
        open_source(repo.root, home).trigger(since="nowhere")


def test_without_git_the_sentence_says_so(repo, home, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="install git"):
        open_source(repo.root, home)


def test_a_repository_in_the_middle_of_a_conflict_can_be_run(repo, home, tmp_path):
    repo.git("checkout", "-q", "-b", "other")
    repo.write("app.py", "theirs")
    repo.commit("theirs")
    repo.git("checkout", "-q", "main")
    repo.write("app.py", "ours")
    repo.commit("ours")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ("git", *identity, "merge", "other")
    subprocess.run(command, cwd=repo.root, capture_output=True, check=False)
    fill_workspace(open_source(repo.root, home), tmp_path / "ws")
    assert "<<<<<<<" in (tmp_path / "ws/app.py").read_text()


def test_a_change_in_the_same_instant_as_the_index_is_seen(repo, home, tmp_path):
    """Of equal size and time, only the index's own time tells git to look into the file."""
    file, index, moment = repo.root / "app.py", repo.root / ".git/index", 1_600_000_000
    repo.git("config", "core.trustctime", "false")
    os.utime(file, (moment, moment))
    repo.git("update-index", "--refresh")
    file.write_text("two")
    for path in (file, index):
        os.utime(path, (moment, moment))
    fill_workspace(open_source(repo.root, home), tmp_path / "ws")
    assert (tmp_path / "ws/app.py").read_text() == "two"


def test_a_linked_work_tree(repo, home, tmp_path):
    repo.git("worktree", "add", "-q", "-b", "linked", str(tmp_path / "linked"))
    (tmp_path / "linked/app.py").write_text("linked")
    source = open_source(tmp_path / "linked", home)
    fill_workspace(source, tmp_path / "ws")
    assert (tmp_path / "ws/app.py").read_text() == "linked"
    assert source.branch == "linked"


def test_a_workspace_that_cannot_be_made_names_the_folder(repo, home, tmp_path):
    (tmp_path / "ws").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        fill_workspace(open_source(repo.root, home), tmp_path / "ws" / "deeper")
