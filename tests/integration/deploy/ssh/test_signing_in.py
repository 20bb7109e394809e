"""Who we are to a host and who it is to us: everything that may be wrong, in words."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import threading

import pytest

from fairlead.deploy import signin, ssh
from fairlead.deploy.hosts import close_all, open_all, open_each
from fairlead.errors import HostError, HostKeyChanged, HostRefused, HostUnreachable
from fairlead.model.environment import Host


def fingerprint(public):
    told = subprocess.run(["ssh-keygen", "-lf", public], capture_output=True, text=True, check=True)
    return told.stdout.split()[1]


def whoami(host, settings):
    async def act():
        connection = await ssh.connect(host, settings=settings)
        try:
            return (await connection.run("id -un")).text
        finally:
            await connection.close()

    return asyncio.run(act())


@pytest.fixture
def own(sshd, tmp_path):
    """Settings whose folder of SSH a test may change, beside those that work."""
    shutil.copytree(sshd.client, tmp_path / "ssh")
    import msgspec

    return msgspec.structs.replace(sshd.settings, ssh=str(tmp_path / "ssh"))


@pytest.fixture
def folder(own, tmp_path):
    return tmp_path / "ssh"


def test_the_default_key_signs_in(sshd):
    assert whoami(sshd.host, sshd.settings) == sshd.host.user


def test_a_host_that_shows_another_key_is_refused_with_its_fingerprint(sshd, own, folder, make_key):
    other = make_key("other")
    line = other.with_suffix(".pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {line}")
    with pytest.raises(HostKeyChanged, match="shows another key") as told:
        whoami(sshd.host, own)
    assert fingerprint(sshd.host_key.with_suffix(".pub")) in str(told.value)
    assert fingerprint(other.with_suffix(".pub")) not in str(told.value)
    assert str(sshd.host) in str(told.value)
    assert "known_hosts" in told.value.hint


def test_so_is_one_that_has_no_key_of_the_known_kind_any_more(sshd, own, folder, make_key):
    line = make_key("other", "ecdsa").with_suffix(".pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {line}")
    with pytest.raises(HostKeyChanged) as told:
        whoami(sshd.host, own)
    assert fingerprint(sshd.host_key.with_suffix(".pub")) in str(told.value)


def test_a_host_that_nobody_knows_is_refused_with_its_fingerprint(sshd, own, folder):
    (folder / "known_hosts").unlink()
    with pytest.raises(HostError, match="is not known yet") as told:
        whoami(sshd.host, own)
    assert not isinstance(told.value, HostKeyChanged)
    assert fingerprint(sshd.host_key.with_suffix(".pub")) in str(told.value)
    assert "fairlead hosts trust" in told.value.hint


def test_a_revoked_key_is_refused(sshd, own, folder):
    line = sshd.host_key.with_suffix(".pub").read_text()
    (folder / "known_hosts").write_text(f"@revoked [127.0.0.1]:{sshd.port} {line}")
    with pytest.raises(HostError, match="revoked"):
        whoami(sshd.host, own)


def test_hashed_names_are_understood(sshd, own, folder):
    subprocess.run(["ssh-keygen", "-Hf", folder / "known_hosts"], capture_output=True, check=True)
    assert "127.0.0.1" not in (folder / "known_hosts").read_text()
    assert whoami(sshd.host, own)


def test_a_broken_known_hosts_is_named(sshd, own, folder):
    (folder / "known_hosts").write_text("@nonsense a b\n")
    with pytest.raises(HostError, match="known_hosts is broken"):
        whoami(sshd.host, own)


def test_a_key_the_host_does_not_know_is_told_with_what_was_offered(sshd, own, folder, make_key):
    shutil.copy(make_key("stranger"), folder / "id_ed25519")
    with pytest.raises(
        HostRefused, match=r"does not let .* sign in \(offered: id_ed25519\)"
    ) as told:
        whoami(sshd.host, own)
    assert "authorized_keys" in told.value.hint


def test_no_key_at_all_is_told(sshd, own, folder):
    (folder / "id_ed25519").unlink()
    with pytest.raises(HostRefused, match="there was no key to offer"):
        whoami(sshd.host, own)


def test_a_key_that_others_may_read_is_not_used_and_named(sshd, own, folder):
    (folder / "id_ed25519").chmod(0o644)
    with pytest.raises(
        HostRefused, match=r"id_ed25519 may be used by others \(mode 0644\): chmod 600"
    ):
        whoami(sshd.host, own)


def test_a_key_with_a_passphrase_is_named(sshd, own, folder, make_key):
    shutil.copy(make_key("locked", passphrase="open sesame"), folder / "id_ed25519")
    with pytest.raises(HostRefused, match="id_ed25519 has a passphrase: ssh-add"):
        whoami(sshd.host, own)


def test_a_key_that_is_none_is_named(sshd, own, folder):
    (folder / "id_ed25519").write_text("not a key\n")
    with pytest.raises(HostRefused, match="id_ed25519: "):
        whoami(sshd.host, own)


def test_the_key_that_is_named_is_the_one_that_is_used(sshd, own, folder, make_key):
    import msgspec

    shutil.copy(make_key("stranger"), folder / "id_ed25519")
    named = msgspec.structs.replace(own, ssh_key=str(sshd.key))
    assert whoami(sshd.host, named)


@pytest.mark.parametrize(
    ("mode", "what"), [(0o640, "may be used by others"), (None, "does not exist")]
)
def test_the_key_that_is_named_has_to_be_good(sshd, own, make_key, mode, what):
    import msgspec

    key = make_key("named")
    if mode is None:
        key.unlink()
    else:
        key.chmod(mode)
    with pytest.raises(HostRefused, match=what):
        whoami(sshd.host, msgspec.structs.replace(own, ssh_key=str(key)))


def test_an_agent_is_asked(sshd, own, folder, tmp_path, monkeypatch):
    key = folder / "id_ed25519"
    key.rename(tmp_path / "elsewhere")
    socket_path = f"{os.environ.get('TMPDIR', '/tmp')}/fairlead-agent-{os.getpid()}"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket_path], stdout=subprocess.DEVNULL)
    try:
        sshd.until(lambda: os.path.exists(socket_path))
        monkeypatch.setenv("SSH_AUTH_SOCK", socket_path)
        subprocess.run(["ssh-add", "-q", tmp_path / "elsewhere"], check=True)
        assert whoami(sshd.host, own)
    finally:
        agent.terminate()
        agent.wait()


def test_sshs_own_settings_are_respected(sshd, own, folder, tmp_path):
    (folder / "id_ed25519").rename(tmp_path / "key")
    (folder / "known_hosts").rename(tmp_path / "known")
    (folder / "config").write_text(
        f"Host web1\n  Hostname 127.0.0.1\n  Port {sshd.port}\n  User {sshd.host.user}\n"
        f"  IdentityFile {tmp_path}/key\n  UserKnownHostsFile {tmp_path}/known\n"
        "  RequestTTY force\n  RemoteCommand false\n"
    )
    assert whoami(Host(address="web1"), own) == sshd.host.user


def test_settings_that_turn_checking_off_are_not_obeyed(sshd, own, folder, make_key):
    line = make_key("other").with_suffix(".pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {line}")
    (folder / "config").write_text("StrictHostKeyChecking no\nUserKnownHostsFile none\n")
    with pytest.raises(HostError):
        whoami(sshd.host, own)


def test_broken_settings_of_ssh_are_named(sshd, own, folder):
    (folder / "config").write_text("Port many\n")
    with pytest.raises(HostError, match=r"SSH's settings cannot be used.*many"):
        whoami(sshd.host, own)


def test_a_jump_host_is_gone_through_and_checked_as_strictly(sshd, other_sshd, own, folder):
    other_sshd.authorized.write_bytes(sshd.authorized.read_bytes())
    other_sshd.start()
    known = (folder / "known_hosts").read_text()
    inner = other_sshd.host_key.with_suffix(".pub").read_text()
    (folder / "config").write_text(
        f"Host inner\n  Hostname 127.0.0.1\n  Port {other_sshd.port}\n"
        f"  ProxyJump {sshd.host.user}@127.0.0.1:{sshd.port}\n"
    )
    (folder / "known_hosts").write_text(f"{known}[127.0.0.1]:{other_sshd.port} {inner}")
    host = Host(address="inner", user=sshd.host.user)
    assert whoami(host, own) == sshd.host.user
    assert sshd.until(lambda: not sshd.sessions() and not other_sshd.sessions())
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{other_sshd.port} {inner}")
    with pytest.raises(HostError, match=f"{sshd.port} is not known yet"):
        whoami(host, own)
    (folder / "known_hosts").write_text(known)
    with pytest.raises(HostError, match="inner is not known yet"):
        whoami(host, own)
    assert sshd.until(lambda: not sshd.sessions() and not other_sshd.sessions())


def test_nobody_listens(own):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(HostUnreachable, match=rf"127.0.0.1:{port}: nobody listens there"):
        whoami(Host(address="127.0.0.1", port=port), own)


def test_a_name_that_is_unknown(own):
    with pytest.raises(HostUnreachable, match=r"no-such-host\.invalid: no machine of that name"):
        whoami(Host(address="no-such-host.invalid"), own)


def test_one_who_never_answers(own, monkeypatch):
    monkeypatch.setattr(signin, "_PATIENCE", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = Host(address="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(HostUnreachable, match=r"no answer within 0.3 s"):
            whoami(host, own)


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\0\xff" * 5000])
def test_one_who_does_not_speak_ssh(own, says):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve():
            with contextlib.suppress(OSError), server.accept()[0] as asked:
                asked.recv(64)
                asked.sendall(says)

        thread = threading.Thread(target=serve)
        thread.start()
        host = Host(address="127.0.0.1", port=server.getsockname()[1])
        with pytest.raises(HostUnreachable):
            whoami(host, own)
        thread.join()


def test_an_account_without_a_shell(other_sshd):
    other_sshd.start("ForceCommand echo This account is not available; exit 1")
    with pytest.raises(HostRefused, match=r"gives us no shell\n  This account is not available"):
        whoami(other_sshd.host, other_sshd.settings)


def test_a_host_that_lets_in_fewer_scripts_makes_them_wait(other_sshd):
    other_sshd.start("MaxSessions 2")

    async def act():
        connection = await ssh.connect(other_sshd.host, settings=other_sshd.settings)
        try:
            done = await asyncio.gather(*(connection.run(f"echo {n}") for n in range(6)))
        finally:
            await connection.close()
        return [one.text for one in done]

    assert asyncio.run(act()) == [str(n) for n in range(6)]


def test_a_host_that_lets_in_none_beside_says_which_setting(other_sshd, monkeypatch):
    monkeypatch.setattr(ssh, "_FULL", 0.2)
    other_sshd.start("MaxSessions 1")

    async def act():
        connection = await ssh.connect(other_sshd.host, settings=other_sshd.settings)
        try:
            await connection.hold("echo here; exec sleep infinity")
            await connection.run("true")
        finally:
            await connection.close()

    with pytest.raises(HostRefused, match="MaxSessions"):
        asyncio.run(act())


def test_all_hosts_at_once_or_none(sshd):
    away = Host(address="no-such-host.invalid")
    wrong = Host(address="another-one.invalid")

    async def act():
        connections = await open_all([sshd.host, sshd.host], settings=sshd.settings)
        await close_all(connections)
        each = await open_each([sshd.host, away], settings=sshd.settings)
        await close_all(each[:1])
        with pytest.raises(HostUnreachable) as told:
            await open_all([wrong, sshd.host, away], settings=sshd.settings)
        return len(connections), each, told.value

    count, each, told = asyncio.run(act())
    assert count == 2
    assert each[0].host == sshd.host
    assert isinstance(each[1], HostUnreachable)
    assert str(told).count("no machine of that name") == 2
    assert str(told).count("check the address") == 1
    assert sshd.until(lambda: not sshd.sessions())
