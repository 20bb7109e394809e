"""A small web application to deploy, in each of the ways in which a release can be bad.

``/`` says hello, ``/slow`` takes half a second, a POST gets its body back, ``/health`` tells the
version, and ``/told`` what the application was told (variables, by name).
"""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

KINDS = {
    "good": "",
    "unimportable": "import a_module_that_is_not_there",
    "broken": "HEALTH = PAGES = '500 Internal Server Error'",
    "partly": "if socket.gethostname() == 'web2': HEALTH = '500 Internal Server Error'",
    "turning": "TURNS = 1.0",
    "hanging": "HANGS = 60.0",
    "lying": "VERSION = 'another'",
    "unmigratable": "",
}
"""What is wrong with a release of this kind, as its own code has it.

``turning`` is well until it has served pages for a second; ``partly`` is bad on web2 alone.
"""

_APP = """\
import json, os, pathlib, socket, time

HEALTH = PAGES = "200 OK"
VERSION = os.environ.get("RELEASE_VERSION", "")
HANGS, TURNS, BEGAN = 0.0, 0.0, []
{wrong}
shared = pathlib.Path("/srv/shop/shared")
(shared / "at-import").touch()
while (shared / "hold-import").exists():
    time.sleep(0.05)


def application(environ, start_response):
    path, status, body = environ["PATH_INFO"], PAGES, b"hello"
    if path == "/health":
        time.sleep(HANGS)
        status, body = HEALTH, json.dumps({{"ok": True, "version": VERSION}}).encode()
    elif TURNS:
        BEGAN.append(time.monotonic())
        if time.monotonic() - BEGAN[0] > TURNS:
            status = "500 Internal Server Error"
    if path == "/slow":
        time.sleep(0.5)
    if path == "/told":
        body = json.dumps(dict(os.environ)).encode()
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]
"""

# Every phase stops here for as long as the test wants, on the machines where it wants.
_HOLD = """\
#!/bin/sh
touch "/srv/shop/shared/at-$1"
while test -e "/srv/shop/shared/hold-$1"; do sleep 0.05; done
"""

_MIGRATE = """\
#!/bin/sh
test {kind} != unmigratable || {{ echo "relation shop is there already" >&2; exit 3; }}
echo {kind} >> /srv/shop/shared/migrated
"""

HELD = ("upload", "install", "probe", "migrate", "switch")
"""Phases before which a deployment can be held; ``import`` is the application's own start."""

_PIPELINE = """\
app:
  name: shop
  target: wsgi:application
  processes: 1
  threads: 8
  timeout: {stop} s
release:
  lock: requirements.txt
  python: 3.11
environments:
  production:
    branch: main
    domain: shop.example
    hosts:
{hosts}
    health:
      path: /health
      version: json:version
      patience: {patience} s
      timeout: 2 s
    secrets: [{secrets}]
    migrations:
      run: ./migrate
      files: migrations/*.sql
    watch: {watch}
    provision: {{ntp: false, upgrades: false}}
{hooks}jobs:
  nothing: "true"
"""


class Shop:
    """A git repository with the application in ``folder``; each commit is a release."""

    def __init__(self, folder: Path, machines) -> None:
        self.folder = folder
        self._hosts = "\n".join(map(_host, machines))

    def begin(self):
        """Make the repository."""
        self.folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.configure()
        self.write("requirements.txt", locked("gunicorn", "packaging"))
        self.write(".gitignore", ".fairlead/\n")
        self.write("migrations/0001.sql", "create table shop ();\n")
        self.write("hold", _HOLD, mode=0o755)

    def configure(self, *, patience=30, stop=30, watch=1, holds=False, secrets=()):
        """Write the pipeline file: seconds to become well, to finish requests where it is stopped,
        to be watched; whether phases hold.
        """
        hooks = "".join(f"      before {phase}: ./hold {phase}\n" for phase in HELD)
        told = {"hosts": self._hosts, "hooks": f"    hooks:\n{hooks}" if holds else ""}
        told |= {"patience": patience, "stop": stop, "secrets": ", ".join(secrets)}
        told["watch"] = f"{{for: {watch} s, requests: 10}}" if watch else "none"
        self.write("fairlead.yml", _PIPELINE.format(**told))

    def commit(self, kind="good", files=()):
        """Commit a release of a kind, with other files where they are given; its version."""
        number = int(self.git("rev-list", "--count", "--all")) + 1
        self.write("wsgi.py", _APP.format(wrong=KINDS[kind]))
        self.write("migrate", _MIGRATE.format(kind=kind), mode=0o755)
        self.write("number", f"{number}\n")
        for name, text in dict(files).items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", f"Release {number}: {kind}")
        return self.git("rev-parse", "HEAD")[:12]

    def write(self, name, text, mode=0o644):
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def git(self, *words):
        """What git says."""
        who = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
        env = {"PATH": os.environ["PATH"], "HOME": "/", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ("git", *who, *words), cwd=self.folder, env=env, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _host(machine):
    manager = "systemd" if machine.kind == "systemd" else "supervisor"
    return f"      - {{address: {machine.address}, user: deploy, manager: {manager}}}"


def locked(*names):
    """Lines of our own lock for these packages, hashes included."""
    lock = (ROOT / "requirements/dev.txt").read_text()
    found = re.finditer(r"^(?P<name>[\w.-]+)==.*\\\n(?: .*\n)+", lock, re.MULTILINE)
    return "".join(one[0] for one in found if one["name"] in names)
