"""From a forge's webhook over a build and a review to a real host, and to nothing left of it."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from machines.debian import code
from machines.desk import Desk
from machines.network import Network
from machines.site import make_site

AGENT = Path(__file__).with_name("agent.py")
SECRET = "correct-horse-battery"
PATTERN = """\
python: none
jobs: {{only: {{run: "true"}}}}
environments:
  staging:
    review: true
    domain: pr-{{number}}.staging.example
    hosts: [{{address: {address}, user: deploy, manager: systemd}}]
    app: {{name: bank, run: python3 serve.py}}
    health: {{path: /health, version: "json:version"}}
    watch: none
    provision: {{ntp: false, upgrades: false}}
"""
SERVE = """\
import json, os, socketserver
from http.server import BaseHTTPRequestHandler

TEXT = %r


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": os.environ["RELEASE_VERSION"], "text": TEXT}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "nginx"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(os.environ["SOCKET"], Answer).serve_forever()
"""


def wait_until(what, told=lambda: "", seconds=120.0):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, told()
        time.sleep(0.05)
    return value


@pytest.fixture
def host(systems, tmp_path):
    """A machine that was provisioned once, the network it is on, and a key that it lets in."""
    kept = systems.kept(f"site-{code()}", lambda place: make_site(systems, place))
    with tempfile.TemporaryDirectory(prefix="fairlead-network-") as folder:
        network = Network(Path(folder), systems)
        try:
            machine = network.machine("web1", 11, kind="systemd", system=(kept / "web1",))
            machine.desk = Desk(network, tmp_path / "desk")
            yield machine
        finally:
            network.close()


@pytest.fixture
def project(host, database):
    """A project with that host's key, and with webhooks."""
    from fairlead.server.secrets.reading import DEPLOY_KEY
    from fairlead.server.services import secrets
    from fairlead.server.store.models import Project

    key = host.desk.home / ".ssh" / "id_ed25519"
    folder = host.desk.home.with_name("bank")
    told = {"name": "bank", "kind": "mirrored", "url": str(folder), "webhook_secret": SECRET}
    project = Project.objects.create(**told)
    # As a browser sends what was pasted.
    secrets.put(project, DEPLOY_KEY, key.read_text().replace("\n", "\r\n"))
    key.unlink()
    return project


@pytest.fixture
def worker(host, database, tmp_path):
    """A worker that reaches the host, and has no key of its own."""
    env = {
        **os.environ,
        "FAIRLEAD_DATABASE_URL": database,
        "FAIRLEAD_HOME": str(tmp_path / "home"),
        "FAIRLEAD_CONFIG": str(tmp_path / "config"),
        "FAIRLEAD_SSH": str(host.desk.home / ".ssh"),
        "FAIRLEAD_SLOTS": "1",
        "FAIRLEAD_EVERY_GRACE": "1",
        "FAIRLEAD_EVERY_POLL": "0.5",
    }
    env.pop("SSH_AUTH_SOCK", None)
    log = tmp_path / "worker.log"
    with log.open("ab") as out:
        argv = host.network.argv(sys.executable, AGENT, "near")
        process = subprocess.Popen(argv, env=env, stderr=out)
    yield log.read_text
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    sys.stderr.write(log.read_text())


class Forge:
    """A repository whose forge tells the server what happens in it."""

    def __init__(self, folder, address):
        self.folder = folder
        folder.mkdir()
        (folder / "fairlead.yml").write_text(PATTERN.format(address=address))
        self.git("init", "-q", "-b", "main")

    def git(self, *words):
        who = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        argv = ("git", "-C", str(self.folder), *who, *words)
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, branch, text):
        self.git("checkout", "-q", "-B", branch)
        (self.folder / "serve.py").write_text(SERVE % text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")

    def tell(self, event, **more):
        """Deliver an event, signed as GitHub does."""
        from fairlead.server.webhooks.asgi import Endpoint

        repository = {"id": 1, "full_name": "acme/bank", "default_branch": "main"}
        body = json.dumps({"repository": repository, **more}).encode()
        proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={proof}"}
        headers["Content-Type"] = "application/json"
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": "/hooks/github/bank"}
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        sent = []

        async def receive():
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope |= {"client": ("192.0.2.1", 1), "headers": pairs}
        asyncio.run(Endpoint()(scope, receive, send))
        assert sent[0]["status"] in {200, 202}, sent

    def pulled(self, action, commit):
        """Tell of pull request 7, from the branch ``faster``."""
        repo = {"id": 1, "full_name": "acme/bank"}
        base = {"ref": "main", "sha": self.git("rev-parse", "main"), "repo": repo}
        pull = {"number": 7, "head": {"ref": "faster", "sha": commit, "repo": repo}, "base": base}
        self.tell("pull_request", action=action, number=7, pull_request=pull)


def test_a_pull_request_comes_to_a_real_host_and_goes(host, project, worker):
    from fairlead.server.store.models import Environment

    forge = Forge(host.desk.home.with_name("bank"), host.address)
    first = forge.commit("main", "before")
    forge.tell("push", ref="refs/heads/main", before="0" * 40, after=first)
    wait_until(Environment.objects.filter(name="staging").exists, worker)

    proposed = forge.commit("faster", "after")
    forge.pulled("opened", proposed)

    def ended():
        row = project.deployments.filter(environment__name="staging-7").first()
        return row and row.ended and row

    deployment = wait_until(ended, worker)
    assert (deployment.state, deployment.commit) == ("live", proposed), deployment.sentence
    ask = "curl -s -m 5 -H 'Host: pr-7.staging.example' http://127.0.0.1/"
    assert json.loads(host.run(ask)) == {"version": proposed[:12], "text": "after"}

    forge.pulled("closed", proposed)
    wait_until(Environment.objects.filter(name="staging-7", removed__isnull=False).exists, worker)
    assert "bank-pr-7" not in host.run("ls /srv /etc/nginx/sites-enabled; getent passwd")
