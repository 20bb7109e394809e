"""From a tested commit to a host that serves it: provisioned from bare, deployed to under load.

The host is a bare Debian on this machine, in namespaces of its own: nothing of this machine is
changed, and nothing is left of it. That takes root, and mmdebstrap once.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from whole_way import CHECKOUT, GIT, NOT_COPIED, output, own, surroundings, temporary, told

from fairlead.errors import FairleadError

sys.path.insert(0, str(CHECKOUT / "tests"))
from machines import network as networks
from machines.debian import Systems
from machines.desk import Desk

FAIRLEAD = Path(sys.executable).with_name("fairlead")
NAME, NUMBER = "web1", 11
BRANCH = "main"
DOMAIN = "bank.example"
RATE = 200  # requests a second
REFUSED = 1  # the exit code of a deployment that changed nothing
ENVIRONMENT = """\
environments:
  demo:
    hosts: deploy@{address}
    branch: {branch}
    domain: {domain}
    health:
      path: /healthz
      version: json:version
    watch: 5 s
    provision:
      ntp: false # its clock is this machine's
      upgrades: false
"""
WORSE = "\n\n@app.before_request\ndef out_of_order():\n    raise RuntimeError('no bank today')\n"


def go(app: Path) -> int:
    """Show it; 0 where no request failed and the bad release was refused."""
    print("\nAnd now to a host, which is made on this machine and gone afterwards.", flush=True)
    if trouble := networks.why_not():
        print(f"Not here: {trouble}. It is shown to root on Debian, with mmdebstrap installed.")
        return 0
    with temporary() as folder, host(folder) as (network, desk):
        return Deployments(app, folder, network, desk).show()


@contextmanager
def host(folder: Path) -> Iterator[tuple[networks.Network, Desk]]:
    """A bare Debian with systemd, and a place from which one can sign in to it."""
    kept = Path(sys.prefix) / "machines"
    kept.mkdir(exist_ok=True)
    print("A bare Debian with systemd and SSH … (the first time it takes a minute)", flush=True)
    network = networks.Network(own(folder / "network"), Systems(kept))
    try:
        network.machine(NAME, NUMBER, kind="systemd")
        yield network, Desk(network, folder / "home")
    finally:
        network.close()


class Deployments:
    """A repository of the application, the environment it has, and what is done with both."""

    def __init__(self, app: Path, folder: Path, network: networks.Network, desk: Desk) -> None:
        self._network, self._desk = network, desk
        self._address = network.machines[NAME].address
        self._folder = folder
        self._repository = folder / app.name
        self._env = surroundings(os.environ, folder / "data") | {
            "FAIRLEAD_CONFIG": str(folder / "config"),  # keys of its own
            "FAIRLEAD_SSH": desk.env["FAIRLEAD_SSH"],
        }
        shutil.copytree(app, self._repository, ignore=NOT_COPIED)
        self._name_environment()
        self._git("init", "--quiet", "--initial-branch", BRANCH)

    def show(self) -> int:
        """All of it, in order."""
        self._fairlead("provision", "demo", "--yes")

        self._commit("A first release")
        self._make("run")
        self._make("package")
        self._fairlead("deploy", "demo")

        self._change("src/bank/templates/base.html", "</title>", " — the second</title>")
        self._commit("A second one")
        self._make("run")
        self._make("package")
        good = self._under_load("deploy", "demo")

        routes = self._repository / "src/bank/wsgi.py"
        routes.write_text(routes.read_text("utf-8") + WORSE)
        self._commit("A bad one, that nobody tests")
        self._make("package")
        bad = self._under_load("deploy", "demo", "--force", expected=REFUSED)
        self._fairlead("status", "demo")
        return 0 if good and bad else 1

    def _under_load(self, *words: str, expected: int = 0) -> bool:
        """Deploy while people use the site; whether it ended as expected and nobody noticed."""
        with Load(self._network, self._address, self._folder / "load.log") as load:
            self._fairlead(*words, expected=expected)
        print(f"\n{load.told()}", flush=True)
        return not load.failed

    def _fairlead(self, *words: str, expected: int = 0) -> None:
        """What needs the host, and so is run in its network."""
        self._run(self._network.argv(FAIRLEAD, *words), words, expected)

    def _make(self, *words: str) -> None:
        """What may need a package index, and so is run where we are."""
        self._run((str(FAIRLEAD), *words), words, 0)

    def _run(self, command: tuple[str, ...], words: tuple[str, ...], expected: int) -> None:
        told("fairlead", *words)
        done = subprocess.run(
            command, cwd=self._repository, env=self._env, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode != expected:
            raise FairleadError(f"fairlead {words[0]} ended with exit code {done.returncode}")

    def _name_environment(self) -> None:
        file = self._repository / "fairlead.yml"
        before, key, _others = file.read_text("utf-8").partition("environments:\n")
        if not key:
            raise FairleadError(f"{file} names no environments")
        own_one = ENVIRONMENT.format(address=self._address, branch=BRANCH, domain=DOMAIN)
        file.write_text(before + own_one, "utf-8")

    def _change(self, file: str, old: str, new: str) -> None:
        path = self._repository / file
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    def _commit(self, message: str) -> None:
        print(f"\n# {message}", flush=True)
        self._git("add", "--all")
        who = ("-c", "user.name=Fairlead", "-c", "user.email=demo@example.org")
        self._git(*who, "commit", "--quiet", "--message", message)

    def _git(self, *words: str) -> str:
        return output(("git", *words), self._env | GIT, self._repository)


class Load:
    """Requests to the site, by the clock, from entering it until it is left."""

    def __init__(self, network: networks.Network, address: str, log: Path) -> None:
        self._log = log
        program = Path(__file__).with_name("load.py")
        words = (sys.executable, "-I", str(program), address, str(RATE), DOMAIN)
        self._argv = network.argv(*words)

    def __enter__(self) -> Self:
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(self._argv, stdout=out, cwd="/")
        while not self._log.stat().st_size and self._process.poll() is None:
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.terminate()
        self._process.wait(60)
        lines = self._log.read_text("utf-8").splitlines()
        self._answers = [tuple(line.split(" ", 1)) for line in lines]

    @property
    def failed(self) -> int:
        """How many did not get the page."""
        return sum(status != "200" for status, _release in self._answers)

    def told(self) -> str:
        """The count, and which releases answered, in the order of their first answers."""
        releases = Counter(release for status, release in self._answers if status == "200")
        by = ", then ".join(f"{count:,} by {release}" for release, count in releases.items())
        return (
            f"{len(self._answers):,} requests meanwhile, {RATE} a second: "
            f"{self.failed} failed; {by or 'none answered'}"
        )
