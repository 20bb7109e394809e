"""What scripts get and give, against a real sshd."""

import asyncio
import hashlib
import os

import pytest

from fairlead.deploy import ssh
from fairlead.deploy.base import Done
from fairlead.errors import HostFailed, HostLost, SudoMissing


def on(sshd, act, user=None):
    """Sign in, have a coroutine function act on the connection, and sign out."""

    async def whole():
        connection = await ssh.connect(sshd.host, user=user, settings=sshd.settings)
        try:
            return await act(connection)
        finally:
            await connection.close()

    return asyncio.run(whole())


def test_a_script_gets_its_input_and_gives_both_outputs(sshd):
    done = on(sshd, lambda host: host.run("cat; echo oops >&2", data=b"in\0put\xff"))
    assert done == Done(code=0, out=b"in\0put\xff", err=b"oops\n")


def test_a_script_without_input_finds_its_end_at_once(sshd):
    assert on(sshd, lambda host: host.run("cat; echo end")).text == "end"


def test_a_script_runs_as_sh_eu_in_the_root_folder(sshd):
    done = on(sshd, lambda host: host.run('pwd; case ":$PATH:" in *:/usr/sbin:*) echo sbin; esac'))
    assert done.text == "/\nsbin"
    failed = on(sshd, lambda host: host.run("echo a; false; echo b", check=False))
    assert (failed.code, failed.text) == (1, "a")
    unset = on(sshd, lambda host: host.run('echo "$NOT_SET"', check=False))
    assert unset.code
    assert b"NOT_SET" in unset.err


def test_quotes_newlines_and_here_documents_arrive_as_they_are(sshd):
    script = "cat <<'END'\nit's \"$HOME\" `x` \\n ümlaut\n  END\nEND\nprintf '%s' \"it's\" ''\n"
    done = on(sshd, lambda host: host.run(script))
    assert done.out.decode() == "it's \"$HOME\" `x` \\n ümlaut\n  END\nit's"


def test_nothing_of_a_script_or_its_input_is_an_argument_on_the_host(sshd):
    look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'tell[-]nobody' || :"
    script = f"secret='tell-nobody'; {look}"
    done = on(sshd, lambda host: host.run(script, data=b"tell-nobody"))
    assert done.text == "0"


def test_the_code_and_the_last_lines_of_what_fails_are_told(sshd):
    script = "seq 1 40 >&2; echo last words >&2; exit 3"
    with pytest.raises(HostFailed, match=r"ended with code 3\n  30\n(.*\n)*  last words$") as told:
        on(sshd, lambda host: host.run(script))
    assert str(sshd.host) in str(told.value)


def test_a_script_that_kills_itself_has_a_shells_code(sshd):
    done = on(sshd, lambda host: host.run("sh -c 'kill -KILL $$'", check=False))
    assert done.code == 128 + 9


def test_what_is_no_shell_text_is_a_failure_with_the_shells_words(sshd):
    with pytest.raises(HostFailed, match=r"(?i)syntax error"):
        on(sshd, lambda host: host.run("if true; echo"))


def test_lines_are_told_as_they_come_from_both_outputs(sshd):
    told = []
    done = on(sshd, lambda host: host.run("echo one; echo two >&2; printf three", tell=told.append))
    assert sorted(told) == ["one", "three", "two"]
    assert done.out == b"one\nthree"


def test_a_line_is_told_before_the_script_has_ended(sshd, tmp_path):
    """It waits for a file that is written only once the line was told."""
    flag = tmp_path / "flag"
    script = f"echo go; n=0; while [ ! -e {flag} ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n + 1)); done; ls {flag}"
    done = on(sshd, lambda host: host.run(script, tell=lambda line: flag.touch()))
    assert done.text == f"go\n{flag}"


def test_a_line_without_an_end_is_told_in_pieces(sshd):
    told = []
    on(sshd, lambda host: host.run("head -c 300000 /dev/zero | tr '\\0' x", tell=told.append))
    assert len(told) > 1
    assert "".join(told) == "x" * 300000


def test_large_binary_data_goes_both_ways_unchanged(sshd):
    data = os.urandom(1 << 20) * 8
    assert on(sshd, lambda host: host.run("cat", data=data)).out == data


def test_a_script_need_not_read_its_input(sshd):
    done = on(sshd, lambda host: host.run("echo done", data=b"x" * (4 << 20)))
    assert done.text == "done"


def test_a_file_is_sent_whole(sshd, tmp_path):
    file = tmp_path / "release"
    file.write_bytes(os.urandom(1 << 20) * 12 + b"end")
    done = on(sshd, lambda host: host.send(file, "sha256sum | cut -d' ' -f1; wc -c </dev/null"))
    assert done.text.split()[0] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_empty_file_is_sent_too(sshd, tmp_path):
    (tmp_path / "empty").touch()
    assert on(sshd, lambda host: host.send(tmp_path / "empty", "wc -c")).text == "0"


def test_thirty_scripts_at_once_share_one_connection(sshd):
    async def act(host):
        scripts = [host.run(f"cat; echo {number}", data=b"x" * number) for number in range(30)]
        return await asyncio.gather(*scripts)

    found = on(sshd, act)
    assert [done.text for done in found] == ["x" * number + str(number) for number in range(30)]


def test_a_script_that_hangs_is_ended_on_the_host_too(sshd):
    with pytest.raises(HostLost, match=r"did not end within 1 s and was stopped"):
        on(sshd, lambda host: host.run("sleep 4711.1; echo never", timeout=1))
    assert sshd.gone("sleep 4711.1")


def test_one_that_ignores_the_signal_is_ended_all_the_same(sshd):
    script = "trap '' TERM; sleep 4711.2; sleep 4711.2"
    with pytest.raises(HostLost):
        on(sshd, lambda host: host.run(script, timeout=1))
    assert sshd.gone("sleep 4711.2")


def test_one_that_hangs_without_reading_what_it_is_sent_is_ended(sshd, tmp_path):
    file = tmp_path / "large"
    file.write_bytes(b"x" * (8 << 20))
    with pytest.raises(HostLost):
        on(sshd, lambda host: host.send(file, "sleep 4711.3", timeout=1))
    assert sshd.gone("sleep 4711.3")


def test_what_is_cancelled_is_ended_on_the_host_and_the_connection_goes_on(sshd):
    async def act(host):
        task = asyncio.create_task(host.run("sleep 4711.4"))
        assert await asyncio.to_thread(sshd.until, lambda: sshd.running("sleep 4711.4"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await host.run("echo still here")

    assert on(sshd, act).text == "still here"
    assert sshd.gone("sleep 4711.4")


def test_a_daemon_that_keeps_the_output_open_does_not_keep_us(sshd):
    done = on(sshd, lambda host: host.run("setsid sleep 4.713 & echo started"))
    assert done.text == "started"


def test_what_stays_gives_its_first_line_and_ends_when_it_is_closed(sshd):
    async def act(host):
        held = await host.hold("echo ready $((1 + 1)); exec sleep 4711.5")
        found = (held.first, held.alive, sshd.running("sleep 4711.5"))
        await held.close()
        await held.close()
        return (*found, held.alive)

    assert on(sshd, act) == ("ready 2", True, True, False)
    assert sshd.gone("sleep 4711.5")


def test_what_has_to_stay_and_does_not_is_an_error(sshd):
    with pytest.raises(HostFailed, match="code 4\n  no room"):
        on(sshd, lambda host: host.hold("echo no room >&2; exit 4"))


def test_lines_come_until_the_script_ends(sshd):
    async def act(host):
        return [line async for line in host.lines("seq 1 20000; echo end >&2")]

    lines = on(sshd, act)
    assert len(lines) == 20001
    assert set(lines) == {"end", *map(str, range(1, 20001))}


def test_a_reader_of_lines_who_stops_ends_the_script(sshd):
    async def act(host):
        lines = host.lines("while :; do echo tick; sleep 0.0171; done")
        async for line in lines:
            assert line == "tick"
            break
        await lines.aclose()

    on(sshd, act)
    assert sshd.gone("sleep 0.0171")


def test_a_slow_reader_of_lines_gets_all_of_them(sshd):
    async def act(host):
        count = 0
        async for line in host.lines("seq 1 60000"):
            count += 1
            assert line == str(count)
            if count % 5000 == 0:
                await asyncio.sleep(0.02)
        return count

    assert on(sshd, act) == 60000


def _pretending(sshd, script):
    """Scripts that need sudo, as who signs in with another name, against a sudo of our own."""
    sudo = sshd.bin / "sudo"
    sudo.write_text(f"#!/bin/sh\n{script}\n")
    sudo.chmod(0o755)

    async def act(host):
        host.login = "deploy"
        return await host.run("echo I am there", root=True)

    return on(sshd, act)


def test_another_user_is_become_by_sudo_that_asks_nothing(sshd):
    done = _pretending(
        sshd, '[ "$*" != "${*#-n -H -u root -- sh -c}" ] || exit 9; shift 5; exec "$@"'
    )
    assert done.text == "I am there"


@pytest.mark.parametrize(
    ("said", "code"),
    [("sudo: a password is required", 1), ("deploy is not in the sudoers file.", 1)],
)
def test_sudo_that_refuses_is_told_with_its_words_and_what_to_do(sshd, said, code):
    with pytest.raises(SudoMissing, match=rf"may not become root\n  {said}") as told:
        _pretending(sshd, f"echo '{said}' >&2; exit {code}")
    assert "NOPASSWD" in told.value.hint


def test_no_sudo_at_all_is_told(sshd):
    with pytest.raises(SudoMissing, match="not found"):
        _pretending(sshd, 'echo "sh: exec: sudo: not found" >&2; exit 127')


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_root_becomes_another_user_without_sudo(sshd):
    async def act(host):
        return await host.run("id -un; id -gn; echo $HOME"), await host.run("id -u", root=True)

    user, root = on(sshd, act, user="nobody")
    assert user.text.split("\n")[0] == "nobody"
    assert root.text == "0"


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_a_user_whom_the_host_does_not_have_is_named(sshd):
    with pytest.raises(SudoMissing, match=r"has no user nosuchuser"):
        on(sshd, lambda host: host.run("true"), user="nosuchuser")


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_what_hangs_as_another_user_is_ended_too(sshd):
    with pytest.raises(HostLost):
        on(sshd, lambda host: host.run("sleep 4711.6", timeout=1), user="nobody")
    assert sshd.gone("sleep 4711.6")


def test_what_the_host_says_before_the_script_is_not_its_output(other_sshd):
    noisy = other_sshd.folder / "noisy"
    noisy.write_text(
        '#!/bin/sh\necho "Welcome! :fairlead: or so"\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    noisy.chmod(0o755)
    other_sshd.start(f"ForceCommand {noisy}")
    assert on(other_sshd, lambda host: host.run("echo mine")).out == b"mine\n"
