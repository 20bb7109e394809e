"""What the real git tells of a push, and which names it takes."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import TriggerInvalid
from fairlead.triggers import push
from fairlead.triggers.refs import check_name
from fairlead.util.git import git_environment

WHO = (
    "-c",
    "user.name=Alice",
    "-c",
    "user.email=alice@mail.example",
    "-c",
    "init.defaultBranch=main",
)
QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


def _git(folder, *args):
    env = git_environment(os.environ) | QUIET
    done = subprocess.run(
        ["git", *WHO, *args], cwd=folder, env=env, capture_output=True, check=True
    )
    return done.stdout


@pytest.fixture
def pushed(tmp_path):
    """A clone to push from, and what the last push told the post-receive hook."""
    server, clone, told = tmp_path / "server", tmp_path / "clone", tmp_path / "told"
    server.mkdir()
    _git(server, "init", "--bare", "-q")
    hook = server / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncat > '{told}'\n")
    hook.chmod(0o755)
    _git(tmp_path, "clone", "-q", str(server), str(clone))

    def run(*args):
        told.write_bytes(b"")
        _git(clone, "push", "-q", "origin", *args)
        return push.read_post_receive(told.read_bytes())

    def commit(message):
        _git(clone, "commit", "-q", "--allow-empty", "-m", message)
        return _git(clone, "rev-parse", "HEAD").decode().strip()

    return clone, run, commit


def test_a_branch_is_made_moved_forced_and_deleted(pushed):
    clone, run, commit = pushed
    first = commit("one")
    (made,) = run("HEAD:refs/heads/topic/one")
    assert (made.ref.name, made.before, made.after) == ("topic/one", None, first)
    second = commit("two")
    (on,) = run("HEAD:refs/heads/topic/one")
    assert (on.before, on.after) == (first, second)
    _git(clone, "reset", "-q", "--hard", first)
    (back,) = run("+HEAD:refs/heads/topic/one")
    assert (back.before, back.after) == (second, first)
    (gone,) = run(":refs/heads/topic/one")
    assert (gone.before, gone.after) == (first, None)
    assert len(run("HEAD:refs/heads/main")) == 1
    assert run("HEAD:refs/heads/main") == ()


def test_several_refs_come_at_once_and_a_remote_lists_a_tags_commit(pushed):
    clone, run, commit = pushed
    head = commit("one")
    _git(clone, "tag", "-a", "v1", "-m", "First")
    _git(clone, "branch", "caf\u00e9")
    updates = run("HEAD:refs/heads/main", "v1", "caf\u00e9", "HEAD:refs/notes/x")
    kinds = sorted((one.ref.kind, one.ref.name) for one in updates)
    assert kinds == [
        ("branch", "caf\u00e9"),
        ("branch", "main"),
        ("other", "notes/x"),
        ("tag", "v1"),
    ]
    (tag,) = (one for one in updates if one.ref.kind == "tag")
    assert tag.after != head
    found = push.read_ls_remote(_git(clone, "ls-remote", "origin"))
    assert found == {"refs/heads/main": head, "refs/heads/caf\u00e9": head, "refs/tags/v1": head}


def _git_takes(name):
    done = subprocess.run(
        ["git", "check-ref-format", f"refs/heads/{name}"], capture_output=True, check=False
    )
    return done.returncode == 0


@settings(deadline=None, max_examples=150)
@given(
    st.text(alphabet="ab.@{/~^:?*[\\- \x7f\x01lock\u00e9", min_size=1, max_size=8)
    | st.sampled_from(["a.lock", "@", "a.lock/b"])
)
def test_a_name_is_taken_as_git_takes_it_but_for_a_leading_hyphen(name):
    try:
        check_name(name, "branch")
        ours = True
    except TriggerInvalid:
        ours = False
    # Both are names to git's plumbing, and neither is one that `git branch` would make.
    assert ours == (_git_takes(name) and name != "@" and not name.startswith("-"))
