"""The commands that look at hosts, as a person calls them, on a host with a release on it."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from fairlead.deploy.slots import Filling, pack_slot
from fairlead.model.deployment import DeployOutcome, Past
from fairlead.model.environment import App, Environment, Health
from fairlead.model.release import Manifest


def git(*args, cwd):
    identity = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "Ada"}
    env = os.environ | identity | {"GIT_COMMITTER_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *args], cwd=cwd, env=env, capture_output=True, check=True)
    return done.stdout.decode().strip()


class Place:
    """A project, its host, and what was deployed there."""

    def __init__(self, sshd, folder):
        self.sshd = sshd
        self.root = folder / "srv"
        self.project = folder / "shop"
        self.project.mkdir()
        git("init", "-qb", "main", cwd=self.project)
        (self.project / "wsgi.py").write_text("app = None\n")
        (self.project / "fairlead.yml").write_text(
            "environments:\n  production:\n"
            f"    hosts: ['{sshd.host.user}@127.0.0.1:{sshd.port}']\n"
            f"    user: {sshd.host.user}\n    root: {self.root}\n    branch: main\n"
            "    app: {target: 'wsgi:app', env: {}}\n".replace(", env: {}", "")
            + '    env: {GREETING: "it\'s"}\n'
        )
        self.env = os.environ | {
            "FAIRLEAD_SSH": str(sshd.client),
            "FAIRLEAD_HOME": str(folder / "home"),
            "FAIRLEAD_CONFIG": str(folder / "config"),
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "HOME": str(folder),
        }
        self.env.pop("SSH_AUTH_SOCK", None)
        self.live = self.commit("begin")

    def commit(self, words):
        git("add", "-A", cwd=self.project)
        git("commit", "-qm", words, "--allow-empty", cwd=self.project)
        return git("rev-parse", "HEAD", cwd=self.project)

    def deploy(self):
        """What a deployment leaves on a host."""
        for name in (
            "releases/7/source",
            "environments",
            "slots/blue",
            "run",
            "log",
            "maintenance",
        ):
            (self.root / name).mkdir(parents=True)
        environment = Environment(
            name="production",
            hosts=(self.sshd.host,),
            root=str(self.root),
            app=App(name="shop", target="wsgi:app", manager="supervisor"),
            env=(("GREETING", "it's"),),
            health=Health(),
        )
        manifest = Manifest(project="shop", version=self.live[:12], commit=self.live)
        filling = Filling(
            environment=environment,
            manifest=manifest,
            folder="7",
            number=7,
            by="ada",
            time=1_700_000_000.0,
        )
        packed = pack_slot(filling, self.sshd.host, "blue")
        subprocess.run(["tar", "-x", "-C", self.root / "slots" / "blue"], input=packed, check=True)
        (self.root / "slots" / "live").symlink_to("blue")
        (self.root / "log" / "blue.log").write_text("".join(f"line {n}\n" for n in range(200)))
        pasts = (
            Past(time=1.7e9, kind="deploy", release=6, version="aaaa", commit="a" * 40,
                 outcome=DeployOutcome.REFUSED, by="bob", sentence="the probe failed\nbadly"),
            Past(time=1.7e9 + 60, kind="deploy", release=7, version=self.live[:12],
                 commit=self.live, outcome=DeployOutcome.LIVE, by="ada", seconds=12.5),
        )  # fmt: skip
        lines = [msgspec.json.encode(past) + b"\n" for past in pasts]
        (self.root / "history.jsonl").write_bytes(b"".join([*lines, b'{"cut off by a full di']))

    def fairlead(self, *args, data=b"", env=None):
        command = [sys.executable, "-m", "fairlead", *args]
        environ = self.env | (env or {})
        done = subprocess.run(
            command,
            cwd=self.project,
            env=environ,
            input=data,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done


@pytest.fixture(scope="module")
def place(sshd, tmp_path_factory):
    place = Place(sshd, tmp_path_factory.mktemp("place"))
    place.deploy()
    place.commit("mend the till")
    return place


@pytest.fixture
def empty(sshd, tmp_path):
    return Place(sshd, tmp_path)


def test_status_tells_what_is_live_and_what_waits(place):
    done = place.fairlead("status", "production")
    text = done.stdout.decode()
    assert f"release 7 ({place.live[:12]}) since 20" in text
    assert "by ada" in text
    assert "1 commit waiting on main" in text
    assert "mend the till (Ada)" in text
    # Nothing manages processes here, and no nginx serves the release.
    assert done.returncode == 1
    assert "not well" in text


def test_status_as_json_has_all_of_it(place):
    (found,) = json.loads(place.fairlead("status", "--json").stdout)
    (host,) = found["hosts"]
    assert found["environment"] == "production"
    assert (host["release"], host["version"], host["slot"]) == (7, place.live[:12], "blue")
    assert (host["reached"], host["healthy"], host["busy"]) == (True, False, "")
    assert [commit["subject"] for commit in found["pending"][0]["commits"]] == ["mend the till"]


def test_status_of_a_host_that_was_never_provisioned(empty):
    done = empty.fairlead("status", "production")
    assert done.returncode == 0
    assert "not provisioned: fairlead provision" in done.stdout.decode()


def test_status_of_a_host_that_cannot_be_reached_says_why(place):
    done = place.fairlead("status", "production", env={"FAIRLEAD_SSH": "/nonexistent"})
    assert done.returncode == 1
    assert "is not known yet" in done.stdout.decode()


def test_an_environment_that_is_not_there(place):
    done = place.fairlead("status", "prodution")
    assert done.returncode == 2
    assert "production" in done.stderr.decode()


def test_history_is_newest_first_and_says_why(place):
    done = place.fairlead("history", "production")
    first, second, why = done.stdout.decode().splitlines()
    assert "live" in first
    assert "ada" in first
    assert "refused" in second
    assert "the probe failed" in why
    (only,) = json.loads(place.fairlead("history", "production", "-n", "1", "--json").stdout)
    assert (only["release"], only["outcome"], only["forced"]) == (7, "live", False)


def test_history_of_what_was_never_deployed(empty):
    done = empty.fairlead("history", "production")
    assert done.returncode == 0
    assert "Nothing was ever deployed" in done.stderr.decode()


def test_a_command_runs_in_the_release_byte_for_byte(place):
    words = ("run-on", "production", "--", "sh", "-c")
    told = place.fairlead(
        *words, "echo $GREETING $RELEASE_NUMBER; pwd; cat; echo no >&2; exit 5", data=b"in\0\xff"
    )
    folder = place.root / "releases" / "7" / "source"
    assert told.stdout == f"it's 7\n{folder}\n".encode() + b"in\0\xff"
    assert told.stderr == b"no\n"
    assert told.returncode == 5


def test_a_command_may_do_without_our_input(place):
    command = [sys.executable, "-m", "fairlead", "run-on", "production", "-n", "--", "wc", "-c"]
    reading, writing = os.pipe()  # nobody ever writes to it, or closes it
    with open(reading, "rb") as mine, open(writing, "wb"):
        done = subprocess.run(
            command, cwd=place.project, env=place.env, stdin=mine, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout.strip()) == (0, b"0")
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *(word for word in command if word != "-n")]
    done = subprocess.run(
        closed, cwd=place.project, env=place.env, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"0", b"")


def test_words_of_a_command_arrive_as_they_are(place):
    words = ["a b", "$HOME", "it's", "", "--all", "-x", "ü\n"]
    script = 'import sys; sys.stdout.buffer.write("|".join(sys.argv[1:]).encode())'
    done = place.fairlead(
        "run-on", "production", "--", "python3", "-X", "utf8", "-c", script, *words
    )
    assert done.stdout.decode() == "|".join(words)


def test_a_command_on_all_hosts_names_each(place):
    done = place.fairlead("run-on", "production", "--all", "--", "sh", "-c", "echo there; exit 3")
    assert done.stdout.endswith(b" | there\n")
    assert done.returncode == 3


def test_a_command_where_nothing_is_deployed(empty):
    done = empty.fairlead("run-on", "production", "--", "true")
    assert done.returncode == 127
    assert b"nothing is deployed here" in done.stderr


def test_a_command_is_ended_on_the_host_by_ctrl_c(place):
    command = [sys.executable, "-m", "fairlead", "run-on", "production", "--", "sleep", "4713.1"]
    running = subprocess.Popen(
        command, cwd=place.project, env=place.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        assert place.sshd.until(lambda: place.sshd.running("sleep 4713.1"))
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=60)[1]
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130
    assert b"Traceback" not in told
    assert place.sshd.gone("sleep 4713.1")


def test_a_command_whose_caller_is_killed_is_ended_too(place):
    command = [sys.executable, "-m", "fairlead", "run-on", "production", "--", "sleep", "4713.2"]
    running = subprocess.Popen(command, cwd=place.project, env=place.env, stdin=subprocess.DEVNULL)
    try:
        assert place.sshd.until(lambda: place.sshd.running("sleep 4713.2"))
    finally:
        running.kill()
        running.wait()
    assert place.sshd.gone("sleep 4713.2")


def test_an_unknown_host_is_named(place):
    done = place.fairlead("run-on", "production", "--host", "web9", "--", "true")
    assert done.returncode == 2
    assert "web9" in done.stderr.decode()


def test_logs_of_an_environment_are_its_hosts(place):
    done = place.fairlead("logs", "production", "--tail", "3")
    assert done.stdout == b"line 197\nline 198\nline 199\n"
    assert len(place.fairlead("logs", "production").stdout.splitlines()) == 100


def test_logs_of_nginx_that_are_not_there(place):
    done = place.fairlead("logs", "production", "--of", "access")
    assert b"access.log" in done.stdout


def test_logs_that_are_followed_show_what_comes_of_both_slots(place):
    command = [sys.executable, "-m", "fairlead", "logs", "production", "-f", "--tail", "1"]
    running = subprocess.Popen(
        command, cwd=place.project, env=place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert running.stdout.readline() == b"line 199\n"
        with (place.root / "log" / "blue.log").open("a") as log:
            log.write("from blue\n")
        assert running.stdout.readline() == b"from blue\n"
        (place.root / "log" / "green.log").write_text("from green\n")
        assert running.stdout.readline() == b"from green\n"
        running.send_signal(signal.SIGINT)
        told = running.communicate(timeout=60)[1]
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130
    assert b"Traceback" not in told
    tail = f"tail -n 1 -F {place.root}"
    assert not place.sshd.running(tail)


@pytest.mark.parametrize("words", ["12", "shop/12", "12.unit"])
def test_a_builds_logs_are_still_asked_of_a_server(place, words):
    done = place.fairlead("logs", words)
    assert done.returncode == 2
    assert b"server" in done.stderr


def test_logs_of_what_is_neither(place):
    done = place.fairlead("logs", "prodution")
    assert done.returncode == 2
    assert b"did you mean" in done.stderr.lower()


def test_options_of_one_kind_of_logs_are_refused_with_the_other(place):
    assert place.fairlead("logs", "12", "--of", "access").returncode == 2
    assert place.fairlead("logs", "production", "--attempt", "2").returncode == 2


def test_hosts_are_trusted_once_somebody_says_so(place, tmp_path):
    new = tmp_path / "ssh"
    env = {"FAIRLEAD_SSH": str(new), "FAIRLEAD_SSH_KEY": str(place.sshd.key)}
    asked = place.fairlead("hosts", "trust", "production", env=env)
    assert asked.returncode == 2
    assert b"SHA256:" in asked.stdout
    assert not (new / "known_hosts").exists()
    assert place.fairlead("hosts", "trust", "production", "--yes", env=env).returncode == 0
    assert (new / "known_hosts").stat().st_mode & 0o777 == 0o600
    again = place.fairlead("hosts", "trust", "production", env=env)
    assert b"is known: ed25519 SHA256:" in again.stdout
    assert len((new / "known_hosts").read_text().splitlines()) == 1
    checked = place.fairlead("hosts", "check", "production", env=env)
    assert f"signs in as {place.sshd.host.user}".encode() in checked.stdout


def test_a_host_that_is_known_otherwise_is_never_overwritten(place, tmp_path, make_key):
    line = make_key("other").with_suffix(".pub").read_text()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{place.sshd.port} {line}")
    before = known.read_text()
    done = place.fairlead(
        "hosts", "trust", "production", "--yes", env={"FAIRLEAD_SSH": str(tmp_path)}
    )
    assert done.returncode == 2
    assert b"shows another key" in done.stderr
    assert known.read_text() == before


def test_hosts_check_says_what_is_wrong(place, tmp_path):
    done = place.fairlead(
        "hosts", "check", "production", "--json", env={"FAIRLEAD_SSH": str(tmp_path)}
    )
    (host,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert "is not known yet" in host["problems"][0]


def test_ssh_opens_a_terminal_by_the_ssh_program(place, tmp_path):
    fake = tmp_path / "ssh"
    fake.write_text('#!/bin/sh\nfor word; do printf "<%s>" "$word"; done\n')
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    told = place.fairlead("ssh", "production", "--", "uptime", "-p", env=env).stdout.decode()
    assert told.startswith("<-t><-o><StrictHostKeyChecking=yes>")
    assert told.endswith(
        f"<-p><{place.sshd.port}><-l><{place.sshd.host.user}><--><127.0.0.1><uptime -p>"
    )
    inside = place.fairlead("ssh", "production", "--app", env=env).stdout.decode()
    assert inside.endswith(f"<{place.root}/slots/live/run bash -i>")


def test_ssh_itself_gets_in_with_that(place):
    done = place.fairlead("ssh", "production", "--app", "--", "printenv", "RELEASE_NUMBER")
    assert done.stdout.strip() == b"7"


def test_a_release_that_answers_through_nginx_is_healthy(place, monkeypatch):
    """A server of ours stands for nginx; processes are told by a manager of ours."""
    import asyncio

    from fairlead.cli import context
    from fairlead.deploy import look, probe
    from fairlead.deploy.commands import facts

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("X-Fairlead-Release", place.live[:12])
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    class Manager:
        def functions(self, app, root):
            return 'state() { for s in $(echo "$1" | tr , " "); do echo "process $s web running"; done; }'

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(probe, "_HTTP", server.server_port)
    monkeypatch.setattr(facts, "manager", lambda kind: Manager())
    monkeypatch.chdir(place.project)
    try:
        environment = context.environment("production")
        (live,) = asyncio.run(look.status_of(environment, place.sshd.settings))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (live.healthy, live.note, live.release, live.by) == (True, "", 7, "ada")
    assert Path(place.root).exists()
