"""The command line that every script for a host is run by, with a real sh and no host."""

import shlex
import subprocess

import pytest

from fairlead.deploy.shell import BEGUN, END, becoming, command_for, line, wrapped


def run(script, data=b"", *, sent=None, timeout=20):
    """What the command line makes of a script; `sent` is what arrives instead of all of it."""
    text = wrapped(script)
    command = command_for((), script=len(text), data=len(data), timeout=timeout)
    argv = ["setsid", "--wait", "sh", "-c", command]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as shell:
        shell.stdin.write(text + data + END if sent is None else sent(text))
        shell.stdin.flush()
        if sent is not None:
            shell.stdin.close()
            shell.stdin = None
        out, err = shell.stdout.read(), shell.stderr.read()
    mark, _, rest = out.partition(b"\n")
    assert mark.startswith(BEGUN)
    assert mark.removeprefix(BEGUN).isdigit()
    return rest, err, shell.returncode


def test_it_says_that_it_has_begun_and_runs_the_script():
    assert run("echo hi; echo no >&2; exit 7") == (b"hi\n", b"no\n", 7)


def test_input_is_the_scripts_alone():
    assert run("cat", b"\0\n\xffexit 3\n") == (b"\0\n\xffexit 3\n", b"", 0)


@pytest.mark.parametrize("missing", [1, 5, 12, 40])
def test_a_script_that_did_not_arrive_whole_never_begins(missing):
    script = "echo one; echo two; echo three; echo four # and so on"
    out, _, code = run(script, sent=lambda whole: whole[:-missing])
    assert out == b""
    assert code


@pytest.mark.parametrize("arrived", [b"", b"x", b"x" * 10])
def test_input_that_did_not_arrive_whole_is_never_taken_for_all(arrived):
    """Not even where all but our word that this was all is there."""
    out, _, code = run("cat >/dev/null; echo all", b"x" * 10, sent=lambda whole: whole + arrived)
    assert out == b""
    assert code


def test_what_runs_is_ended_when_the_channel_closes():
    script = "echo begun; sleep 4714.2; echo never"
    out, _, code = run(script, sent=lambda whole: whole)
    assert out == b"begun\n"
    assert code != 0


def test_what_runs_is_ended_while_its_input_is_still_awaited():
    script = "sleep 4714.3; echo never"
    out, _, code = run(script, b"x" * 10, sent=lambda whole: whole + b"x")
    assert out == b""
    assert code != 0


def test_one_that_stays_ends_with_the_channel_too():
    script = "echo here; exec sleep 4714.4"
    out, _, code = run(script, sent=lambda whole: whole + b"...", timeout=None)
    assert out == b"here\n"
    assert code != 0


def test_variables_of_ours_do_not_hide_that_a_name_is_not_set():
    assert b"not set" in run('echo "${SOME_NAME?not set}"')[1]


@pytest.mark.parametrize(
    ("login", "user", "words"),
    [
        ("ann", "ann", ()),
        ("ann", "root", ("sudo", "-n", "-H", "-u", "root", "--")),
        ("ann", "bank", ("sudo", "-n", "-H", "-u", "bank", "--")),
        ("root", "root", ()),
    ],
)
def test_who_has_to_become_whom(login, user, words):
    assert becoming(login, user) == words


def test_root_becomes_others_without_sudo():
    words = becoming("root", "a b")
    assert "sudo" not in words
    assert line((*words, "id")) == (
        "setpriv --reuid 'a b' --regid \"$(id -g 'a b')\" --init-groups --reset-env id"
    )


def test_secrets_in_a_script_are_not_on_its_command_line():
    command = command_for(("sudo", "--"), script=17, data=5, timeout=3.0)
    assert shlex.split(command)[:4] == ["exec", "sudo", "--", "sh"]
    assert "head -c 17" in command
    assert "head -c 5" in command
