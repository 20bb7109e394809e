"""A postmaster.pid is no proof of anything."""

import os
import shutil
import subprocess
import sys

import pytest

from fairlead.server.postgres import Postgres, PostgresFailed

_FOREIGN = """
import signal, sys
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda got, frame: (print("got", got, flush=True), sys.exit(1)))
print("here", flush=True)
sys.stdin.read()
print("untouched", flush=True)
"""


def write_pid(data, pid, rest=None):
    """Write what a server that was killed leaves: two files that name its process."""
    lines = [pid, data, 1700000000, 5432, data.parent / "run", "", "  1 1", "ready   "]
    for path in (data / "postmaster.pid", data.parent / "run" / ".s.PGSQL.5432.lock"):
        path.write_text("\n".join(map(str, lines)) + "\n" if rest is None else rest)
        path.chmod(0o600)
        shutil.chown(path, data.stat().st_uid, data.stat().st_gid)


@pytest.fixture
def foreign(drop):
    """Start a process that is none of ours and tells of every signal, as PostgreSQL's user."""
    python = "/usr/bin/python3" if drop else sys.executable
    if not os.path.exists(python):
        pytest.skip("there is no Python that an ordinary user can run")
    begun = []

    def start(cwd):
        process = subprocess.Popen(
            (python, "-c", _FOREIGN), cwd=cwd, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **drop,
        )  # fmt: skip
        assert process.stdout.readline() == "here\n"
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("inside", [False, True])
def test_a_foreign_live_process_is_never_signalled(postgres, data, ask, told, foreign, inside):
    other = foreign(data if inside else "/")
    write_pid(data, other.pid)
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)
    postgres.stop()
    assert other.communicate(input="")[0] == "untouched\n"
    assert told == []


def test_the_server_of_another_folder_is_never_signalled(postgres, data, ask, folder, template):
    subprocess.run(("cp", "-a", template, folder / "other"), check=True)
    with Postgres(folder / "other") as other:
        before = other.pid
        write_pid(data, before)
        postgres.start()
        assert ask(postgres, "SELECT n FROM kept") == (1,)
        assert ask(other, "SELECT n FROM kept") == (1,)
        assert other.pid == before


@pytest.mark.parametrize("content", ["", "12", "rubbish\n", "99999999\n/x\n", "\0\xff\n1\n"])
def test_a_file_that_was_cut_short_or_is_rubbish(postgres, data, ask, content):
    write_pid(data, 0, content)
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)


@pytest.mark.parametrize("pid", [1, 2, "self", "parent"])
def test_numbers_that_are_always_somebody(postgres, data, ask, pid):
    write_pid(data, {"self": os.getpid(), "parent": os.getppid()}.get(pid, pid))
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)


def test_somebody_in_single_user_mode_is_left_alone(postgres, root, data, best, drop, ask):
    single = subprocess.Popen(
        (best.program("postgres"), "--single", "-D", data, "fairlead"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", **drop,
    )  # fmt: skip
    assert single.stdout.read(9) == b"\nPostgreS"
    with pytest.raises(PostgresFailed, match=f"process {single.pid} works on .*single-user mode"):
        postgres.start()
    single.communicate()
    assert single.returncode == 0
    postgres.start()
    assert ask(postgres, "SELECT n FROM kept") == (1,)
