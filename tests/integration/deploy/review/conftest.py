"""A staging host of its own for the tests of review environments."""

import json
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from machines import network as networks
from machines.debian import code
from machines.desk import Desk
from machines.shop import Shop, locked
from machines.site import make_site

_APP = """\
import json, os, socket

def application(environ, start_response):
    told = {"version": os.environ["RELEASE_VERSION"], "number": os.environ["NUMBER"], "text": %r}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
"""

_PIPELINE = """\
install: none
jobs: {{unit: {{python: none, run: "true"}}}}
release: {{lock: requirements.txt, python: 3.11}}
app: {{target: "wsgi:application", processes: 1, threads: 2}}
environments:
  staging:
    review: true
    domain: pr-{{number}}.staging.example
    hosts:
      - {{address: {0}, user: deploy, manager: systemd}}
      - {{address: {1}, user: deploy, manager: supervisor}}
    app:
      name: shop
      workers: {{sleeper: sleep 100000}}
      cron: [{{at: "@daily", run: "true"}}]
    env: {{NUMBER: "{{number}}"}}
    health: {{path: /health, version: json:version}}
    watch: none
    provision: {{ntp: false, upgrades: false, databases: postgres, backup: "@daily"}}
"""


class Staging:
    """Two machines with a live shop on them, and a project whose pull requests go there."""

    def __init__(self, network, folder, kept):
        self.machines = [
            network.machine("web1", 11, kind="systemd", system=(kept / "web1",)),
            network.machine("web2", 12, kind="plain", system=(kept / "web2",)),
        ]
        self.desk = Desk(network, folder / "home")
        self.shop = Shop(folder / "shop", self.machines)
        self.shop.folder.mkdir()
        self.shop.git("init", "-q", "-b", "main")
        addresses = [machine.address for machine in self.machines]
        self.shop.write("fairlead.yml", _PIPELINE.format(*addresses))
        self.shop.write("requirements.txt", locked("gunicorn", "packaging"))
        self.shop.write(".gitignore", ".fairlead/\n")

    def commit(self, branch, text):
        """A commit on a branch, tested and packed; its version."""
        self.shop.git("checkout", "-q", "-B", branch)
        self.shop.write("wsgi.py", _APP % text)
        self.shop.git("add", "--all")
        self.shop.git("commit", "-q", "-m", text)
        for words in (("run", "--plain"), ("package",)):
            done = self.desk.fairlead(*words, cwd=self.shop.folder, online=True)
            assert done.returncode == 0, done.stdout
        return self.shop.git("rev-parse", "HEAD")[:12]

    def fairlead(self, *words, code=0):
        done = self.desk.fairlead(*words, cwd=self.shop.folder)
        assert done.returncode == code, done.stdout
        return done.stdout

    def process(self, order, folder):
        """What a worker's process that carries an order out answers, line by line."""
        told = folder / "order"
        told.write_bytes(msgspec.json.encode(order) + b"\n")
        argv = (sys.executable, "-m", "fairlead.server.engine.apart.process")
        with told.open("rb") as given:
            done = self.desk.run(*argv, given=given)
        assert done.returncode == 0, done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    def live(self, machine):
        """Whether the machine's own shop answers, which is no pull request's."""
        status = (
            "curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Host: shop.example' http://127.0.0.1/"
        )
        return machine.run(status, check=False).strip() == "200"

    def ask(self, number, machine):
        """What the site of a pull request answers on a machine."""
        host = f"Host: pr-{number}.staging.example"
        return machine.run(f"curl -s -m 5 -H '{host}' http://127.0.0.1/", check=False)


@pytest.fixture(scope="module")
def staging(systems, tmp_path_factory):
    kept = systems.kept(f"site-{code()}", lambda place: make_site(systems, place))
    with tempfile.TemporaryDirectory(prefix="fairlead-network-") as folder:
        network = networks.Network(Path(folder), systems)
        try:
            yield Staging(network, tmp_path_factory.mktemp("staging"), kept)
        finally:
            network.close()
