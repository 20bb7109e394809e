"""Where refs point, from files as git writes them (gitrepository-layout(5))."""

import subprocess

import pytest

from fairlead.server.hosting.tips import tip

LOOSE, PACKED = "a" * 40, "b" * 40


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "refs/heads/feature").mkdir(parents=True)
    (tmp_path / "refs/heads/main").write_text(f"{LOOSE}\n")
    (tmp_path / "packed-refs").write_text(
        f"# pack-refs with: peeled fully-peeled sorted \n{PACKED} refs/heads/main\n"
        f"{PACKED} refs/heads/old\n{PACKED} refs/tags/v1\n^{LOOSE}\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("refs/heads/main", LOOSE),
        ("refs/heads/old", PACKED),
        ("refs/tags/v1", PACKED),
        ("refs/heads/feature", ""),
        ("refs/heads/ol", ""),
        ("heads/old", ""),
        ("refs/heads/nope", ""),
        ("refs/heads/main/below", ""),
        ("refs/heads/\ud800", ""),
        (LOOSE, ""),
    ],
)
def test_loose_ones_come_before_packed_ones(folder, ref, found):
    assert tip(folder, ref) == found


def test_what_is_no_id_is_left_to_git(folder):
    (folder / "refs/heads/main").write_text("ref: refs/heads/old\n")
    assert tip(folder, "refs/heads/main") == ""
    (folder / "packed-refs").unlink()
    assert tip(folder, "refs/heads/old") == ""


def test_as_git_itself_says(tmp_path):
    def git(*words):
        who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", "-C", tmp_path, *who, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "One")
    git("branch", "a/b")
    git("pack-refs", "--all")
    git("commit", "-q", "--allow-empty", "-m", "Two")
    for ref in ("refs/heads/main", "refs/heads/a/b"):
        assert tip(tmp_path / ".git", ref) == git("rev-parse", ref)
