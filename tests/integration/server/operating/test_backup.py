"""A real installation, saved while it runs and restored on an empty machine."""

import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from fairlead.server.operating.restore import put_in_place

GIT = ("git", "-c", "user.name=T", "-c", "user.email=t@example.org")


@pytest.fixture(scope="session")
def seen(filled):
    return filled.look()


def restored(empty, filled, backup, *words):
    empty.token = filled.token
    done = empty.command("restore", *words, backup)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def whole(data):
    """Names of all there is, but for the database's own and the lock."""
    return sorted(
        str(path.relative_to(data))
        for path in data.rglob("*")
        if "postgres" not in path.parts and path.is_file() and path.name != "serve.lock"
    )


def test_all_of_it_comes_back(filled, seen, backup, empty):
    assert "build 0, line 0" in seen
    assert "wheel 2" in seen
    assert "the app of 2" in seen
    text = restored(empty, filled, backup)
    assert "1 projects, 3 builds" in text
    assert empty.look() == seen
    names = whole(empty.data)
    assert names == whole(filled.data)
    assert {path.name for path in empty.data.iterdir()} == {
        *(path.name for path in filled.data.iterdir()),
        "serve.lock",
    }
    for name in ("storage", "repositories", "secret_key"):
        assert stat.S_IMODE((empty.data / name).stat().st_mode) & 0o077 == 0
    git = ("git", "-C", str(empty.data / "repositories/sample.git"), "fsck", "--full")
    assert subprocess.run(git, check=False, capture_output=True).returncode == 0


def test_the_file_is_for_its_owner_and_for_ordinary_tools(backup, tmp_path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    subprocess.run(["tar", "-xf", backup, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_through_a_pipe(filled, seen, empty):
    saved = filled.command("backup", "-")
    assert saved.returncode == 0, saved.stderr
    empty.token = filled.token
    assert empty.command("restore", "-", input=saved.stdout).returncode == 0
    assert empty.look() == seen


def test_there_has_to_be_something_to_save(empty, tmp_path):
    done = empty.command("backup", tmp_path / "file")
    assert done.returncode == 2
    assert b"there is nothing to save" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_file_is_said_with_what_to_do(filled, tmp_path):
    done = filled.command("backup", tmp_path / "nowhere" / "file")
    assert done.returncode == 2
    said = done.stderr.decode()
    assert "error: cannot write" in said
    assert "name a file in a folder that is there" in said
    assert "FAIRLEAD_HOME" not in said


def test_an_installation_is_only_replaced_by_force(filled, seen, backup, empty):
    restored(empty, filled, backup)
    (empty.data / "storage/logs/0/9.gz").write_bytes(b"of the old one")
    done = empty.command("restore", backup)
    assert done.returncode == 2
    assert b"holds an installation already" in done.stderr
    restored(empty, filled, backup, "--force")
    assert empty.look() == seen
    (before,) = empty.data.glob("before-*")
    assert (before / "storage/logs/0/9.gz").read_bytes() == b"of the old one"
    assert not (empty.data / "storage/logs/0/9.gz").exists()


def cut(data):
    return data[: len(data) // 2]


def without_end(data):
    return data[: data.rindex(b"SHA256SUMS")]


def other_byte(data):
    at = data.index(b"wheel 1")
    return data[:at] + b"Wheel" + data[at + 5 :]


def other_dump(data):
    at = data.index(b"PGDMP") + 5000
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def rewritten(change):
    """A tar whose members were changed, with whatever sums it had."""

    def change_file(data):
        output = io.BytesIO()
        with (
            tarfile.open(fileobj=io.BytesIO(data)) as old,
            tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as new,
        ):
            for member in old:
                body = old.extractfile(member)
                content = body.read() if body else b""
                for name, kind, inside in change(member.name, member.type, content):
                    info = tarfile.TarInfo(name)
                    info.type, info.size = kind, len(inside)
                    info.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
                    new.addfile(info, io.BytesIO(inside))
        return output.getvalue()

    return change_file


@rewritten
def left_out(name, kind, content):
    if not name.startswith("storage/logs"):
        yield name, kind, content


@rewritten
def leads_out(name, kind, content):
    yield name, kind, content
    if name == "database.dump":
        yield "storage/../../out", kind, content


@rewritten
def a_link(name, kind, content):
    yield name, kind, content
    if name == "database.dump":
        yield "storage/link", tarfile.SYMTYPE, b""


@rewritten
def another_place(name, kind, content):
    yield name, kind, content
    if name == "database.dump":
        yield "serve.lock", kind, content


@rewritten
def newer_form(name, kind, content):
    yield name, kind, content.replace(b'"format": 1', b'"format": 2')


@rewritten
def newer_tables(name, kind, content):
    yield name, kind, content.replace(b'"0001_initial"', b'"9999_later"')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut, "damaged"),
        (without_end, "damaged"),
        (other_byte, "is not what was saved"),
        (other_dump, "is not what was saved"),
        (left_out, "is not what was saved"),
        (leads_out, "has no place in it"),
        (a_link, "neither a file nor a folder"),
        (another_place, "has no place in it"),
        (newer_form, "newer Fairlead"),
        (newer_tables, "is not what was saved"),
        (lambda _: b"", "damaged"),
        (lambda _: b"PGDMP and more of that" * 1000, "damaged"),
    ],
)
def test_what_is_no_whole_backup_changes_nothing(backup, empty, tmp_path, change, words):
    file = tmp_path / "file"
    file.write_bytes(change(backup.read_bytes()))
    empty.data.mkdir()
    (empty.data / "secret_key").write_text("of the old one")
    done = empty.command("restore", "--force", file)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert (empty.data / "secret_key").read_text() == "of the old one"
    assert whole(empty.data) == ["secret_key"]
    assert not (empty.data.parent / "out").exists()


def test_tables_that_this_version_does_not_know(backup, empty, tmp_path):
    """The same with sums that are right."""
    import hashlib

    sums = []

    def change(name, kind, content):
        content = content.replace(b'"0001_initial"', b'"9999_later"')
        if name == "SHA256SUMS":
            content = b"".join(sums)
        elif kind == tarfile.REGTYPE:
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
        yield name, kind, content

    file = tmp_path / "file"
    file.write_bytes(rewritten(change)(backup.read_bytes()))
    done = empty.command("restore", file)
    assert done.returncode == 2
    assert b"was made by a newer Fairlead" in done.stderr
    assert whole(empty.data) == []


STALLED = """
import os, sys
from pathlib import Path
import fairlead.server.operating.restore as restore
from fairlead.server.configuration import load_configuration
def stall(*_):
    print("here", flush=True)
    sys.stdin.read()
if sys.argv[2] == "loading":
    restore.Postgres.restore = stall
else:
    restore.os.sync = stall
with open(sys.argv[1], "rb") as file:
    restore.restore(load_configuration(os.environ), file)
"""


@pytest.mark.parametrize("where", ["loading", "loaded"])
def test_killed_before_the_end_it_was_never_there(filled, seen, backup, empty, where):
    argv = [sys.executable, "-c", STALLED, backup, where]
    with subprocess.Popen(
        argv, env=empty.environ, stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert not (empty.data / "postgres").exists()
    restored(empty, filled, backup)
    assert empty.look() == seen
    assert not (empty.data / ".new").exists()


PARTS = ("storage", "repositories", "secret_key", "postgres")


def fill_parts(folder, words):
    for name in PARTS[:2] + PARTS[3:]:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "file").write_text(words)
    (folder / "secret_key").write_text(words)


def parts_of(folder):
    files = {name: folder / name / "file" for name in PARTS} | {"secret_key": folder / "secret_key"}
    return {name: path.read_text() if path.exists() else "" for name, path in files.items()}


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("moves", range(9))
def test_killed_at_any_move_there_is_the_old_one_the_new_one_or_none(tmp_path, moves, old):
    (tmp_path / "storage").mkdir()  # a folder of an installation that was never used
    if old:
        fill_parts(tmp_path, "old")
    fill_parts(tmp_path / ".new", "new")
    if (child := os.fork()) == 0:
        rename, left = os.rename, [moves]

        def counted(source, target):
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            rename(source, target)

        os.rename = counted
        put_in_place(tmp_path, tmp_path / ".new")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert (status == signal.SIGKILL) == (moves < (8 if old else 4))
    found = parts_of(tmp_path)
    if found["postgres"] == "new":
        assert set(found.values()) == {"new"}
    elif found["postgres"] == "old":
        assert set(found.values()) == {"old"}
    else:
        assert found["postgres"] == ""
        for kept in tmp_path.glob("before-*"):
            assert (kept / "postgres/file").read_text() == "old"


def test_an_error_in_the_middle_is_undone(tmp_path, monkeypatch):
    fill_parts(tmp_path, "old")
    fill_parts(tmp_path / ".new", "new")
    rename = os.rename

    def fails_once(source, target):
        if str(source).endswith(".new/repositories"):
            monkeypatch.setattr(os, "rename", rename)
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails_once)
    with pytest.raises(OSError, match="No space"):
        put_in_place(tmp_path, tmp_path / ".new")
    assert set(parts_of(tmp_path).values()) == {"old"}


def test_a_server_that_runs_is_not_replaced(filled, backup, empty):
    from fairlead.server.serving.data import Held

    empty.data.mkdir()
    held = Held(empty.data)
    try:
        done = empty.command("restore", "--force", backup)
    finally:
        held.release()
    assert done.returncode == 2
    assert b"already runs" in done.stderr


def test_a_pack_that_goes_after_its_folder_was_read(tmp_path, monkeypatch):
    """Packing anew removes a pack at any moment, also right after we have seen its name."""
    from fairlead.server.operating import repositories
    from fairlead.server.operating.bundle import Manifest, Packer

    pack = tmp_path / "repositories/p.git/objects/pack"
    pack.mkdir(parents=True)
    (pack.parent.parent / "HEAD").write_text("ref: refs/heads/main\n")
    for name in ("pack-1.idx", "pack-1.pack"):
        (pack / name).write_bytes(b"old")
    real = Path.iterdir

    def packed_meanwhile(path):
        found = list(real(path))
        if path == pack and (pack / "pack-1.pack").exists():
            for name in ("pack-2.idx", "pack-2.pack"):
                (pack / name).write_bytes(b"new")
            (pack / "pack-1.pack").unlink()
        return iter(found)

    monkeypatch.setattr(Path, "iterdir", packed_meanwhile)
    with (tmp_path / "copy.tar").open("wb") as output:
        packer = Packer(output, Manifest(format=1, fairlead="0", made="", postgres="", steps=()))
        repositories.save_repositories(packer, tmp_path / "repositories")
        packer.close()
    with tarfile.open(tmp_path / "copy.tar") as tar:
        names = {Path(name).name for name in tar.getnames()}
    assert {"pack-2.idx", "pack-2.pack"} <= names


def test_a_repository_that_is_pushed_to_and_packed_meanwhile(tmp_path):
    """Whatever refs are in the copy, all that they lead to is in it too."""
    from fairlead.server.operating.bundle import Manifest, Packer
    from fairlead.server.operating.repositories import save_repositories

    root = tmp_path / "repositories"
    subprocess.run([*GIT, "init", "-q", "--bare", "-b", "main", root / "p.git"], check=True)
    work = tmp_path / "work"
    subprocess.run([*GIT, "clone", "-q", root / "p.git", work], check=True, capture_output=True)
    script = (
        "n=0; while [ $n -lt 60 ]; do n=$((n+1)); echo $n > file$n; git add -A; "
        "git commit -qm $n; git push -q origin HEAD:main HEAD:refs/heads/b$n; "
        'case $n in *5) git -C "$0" repack -qad; git -C "$0" pack-refs --all;; esac; done'
    )
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
    named = {
        f"GIT_{who}_{what}": "t@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    pushing = subprocess.Popen(
        ["sh", "-ec", script, root / "p.git"], cwd=work, env={**environ, **named}
    )
    manifest = Manifest(format=1, fairlead="0", made="", postgres="", steps=())
    copies = 0
    while pushing.poll() is None:
        file = tmp_path / "copy.tar"
        with file.open("wb") as output:
            packer = Packer(output, manifest)
            assert save_repositories(packer, root) == 1
            packer.close()
        copy = tmp_path / f"copy{copies}"
        with tarfile.open(file) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(copy)
        git = ("git", "-C", str(copy / "repositories/p.git"), "fsck", "--full", "--strict")
        done = subprocess.run(git, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(copy)
        copies += 1
        time.sleep(0.05)
    assert pushing.returncode == 0
    assert copies > 2
