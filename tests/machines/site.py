"""A shop on three hosts behind a load balancer, from bare machines to a first release: by us."""

import json
import signal
import subprocess
import time

from machines.desk import FAIRLEAD, Desk
from machines.network import Network
from machines.shop import KINDS, Shop

NAMES = ("web1", "web2", "web3")
FIRST, SECOND = "first", "second"  # two good releases; the others are named for their kind
GIVE_UP = 90.0


class Deploying:
    """A deployment that is going on; ``events`` are those that it told so far."""

    def __init__(self, process) -> None:
        self.process, self.events, self.rest = process, [], []

    def until(self, event, **fields):
        """Read on to an event of that name with these fields; None where it ends before."""
        for line in self.process.stdout:
            told = self._read(line)
            if told and told["event"] == event and fields.items() <= told.items():
                return told
        return None

    def end(self):
        """Read to the end; the last event."""
        if not self.process.stdout.closed:
            for line in self.process.stdout:
                self._read(line)
            self.process.wait(GIVE_UP)
            self.process.stdout.close()
        return self.finished

    def kill(self):
        """End the deployer as nobody can prepare for."""
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def killed(self):
        """What it said up to now, for whoever reads why a test failed."""
        self.kill()
        return self.said

    @property
    def finished(self):
        last = self.events[-1] if self.events else {}
        return last if last.get("event") == "deploy_finished" else {}

    @property
    def outcome(self):
        return self.finished.get("outcome", "")

    @property
    def said(self):
        """Everything, for whoever reads why a test failed."""
        return "\n".join((*self.rest, *map(str, self.events)))

    def _read(self, line):
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self.rest.append(line.rstrip("\n"))
            return None
        self.events.append(told)
        return told


class Site:
    """The hosts, whoever deploys to them, and releases by name."""

    def __init__(self, network, desk, shop, releases) -> None:
        self.network, self.desk, self.shop = network, desk, shop
        self.releases, self._numbers = releases, {name: n for n, name in enumerate(releases, 1)}
        self.machines = network.machines
        self._going = []

    def add(self, name, kind="good"):
        """Commit and pack another release."""
        self.releases[name] = self.shop.commit(kind)
        self._numbers[name] = len(self.releases)
        done = self.desk.fairlead("package", cwd=self.shop.folder, online=True)
        assert done.returncode == 0, done.stdout

    def file(self, name):
        """The release as a file."""
        folder = self.shop.folder / f".fairlead/releases/{self._numbers[name]}"
        return next(folder.glob("*.release"))

    def start(self, release, *words):
        """Begin to deploy."""
        words = ("--release", self._numbers[release], "--force", "--events", *words)
        argv = (FAIRLEAD, "deploy", "production", *words)
        self._going.append(Deploying(self.desk.start(*argv, cwd=self.shop.folder)))
        return self._going[-1]

    def rest(self):
        """Hold nothing any more, and see that nobody deploys."""
        for machine in self.machines.values():
            machine.run("rm -f /srv/shop/shared/hold-*")
        while self._going:
            self._going.pop().end()
        self.shop.configure()

    def settle(self):
        """See that one of the two good releases is live everywhere: ``old``; ``new`` is the other."""
        found = self.live()
        self.old, self.new = FIRST, SECOND
        if found == self.all_live(SECOND):
            self.old, self.new = SECOND, FIRST
        elif found != self.all_live(FIRST) and not self.comes_to(FIRST, 10):
            went = self.deploy(FIRST)
            assert went.outcome == "live", went.said

    def deploy(self, release, *words):
        """Deploy to the end, whatever that is."""
        started = self.start(release, *words)
        started.end()
        return started

    def rollback(self, *words):
        """Go back, to the end."""
        argv = (FAIRLEAD, "rollback", "production", "--events", *words)
        started = Deploying(self.desk.start(*argv, cwd=self.shop.folder))
        started.end()
        return started

    def fairlead(self, *words, **more):
        return self.desk.fairlead(*words, cwd=self.shop.folder, **more)

    def live(self, *names):
        """What each host serves, as its nginx answers: versions by name, twice asked."""
        ask = "curl -s -m 5 -o /dev/null -w '%{http_code} %header{x-fairlead-release}' -H 'Host: shop.example' http://127.0.0.1/"
        found = {}
        for name in names or self.machines:
            told = {self.machines[name].run(ask, check=False).strip() for _ in range(2)}
            found[name] = told.pop() if len(told) == 1 else told
        return found

    def comes_to(self, release, seconds=GIVE_UP):
        """Whether a release becomes live on all hosts within a while, as after a power cut."""
        end = time.monotonic() + seconds
        while (wrong := self.live() != self.all_live(release)) and time.monotonic() < end:
            time.sleep(0.1)
        return not wrong

    def all_live(self, release, *names):
        """What ``live`` must say where one release is live on all hosts."""
        return dict.fromkeys(names or self.machines, f"200 {self.releases[release]}")

    def state(self, name):
        """What is on a host that a deployment may change, as far as it must not."""
        look = (
            "cd /srv/shop; ls releases environments; readlink slots/live; ls -A slots run;"
            " ls -A | grep -vxE 'history.jsonl|lock.*'; for s in blue green; do readlink slots/$s/release; done"
        )
        return self.machines[name].run(look, check=False)

    def states(self, *names):
        return {name: self.state(name) for name in names or self.machines}

    def running(self, name):
        """Slots of which something runs on a host."""
        words = self.machines[name].processes().values()
        return {s for s in ("blue", "green") if any(f"/{s}.sock" in one for one in words)}

    def hold(self, phase, *names):
        """Have deployments stop before a phase on these hosts until it is let go."""
        self.shop.configure(holds=True)
        for name in names:
            self._shared(name, f"at-{phase}").unlink(missing_ok=True)
            self._shared(name, f"hold-{phase}").touch()

    def reached(self, phase, name):
        """Wait until a deployment is held before a phase."""
        end = time.monotonic() + GIVE_UP
        while not self._shared(name, f"at-{phase}").exists():
            over = time.monotonic() > end or self._going[-1].process.poll() is not None
            assert not over, f"nothing came to {phase} on {name}: {self._going[-1].killed()}"
            time.sleep(0.02)

    def let_go(self, phase, *names):
        """Hold that phase no more."""
        for name in names:
            self._shared(name, f"hold-{phase}").unlink(missing_ok=True)

    def history(self, name):
        """Outcomes of deployments as a host remembers them."""
        lines = self.machines[name].run("cat /srv/shop/history.jsonl").splitlines()
        return [json.loads(line)["outcome"] for line in lines]

    def _shared(self, name, file):
        return self.machines[name].path(f"/srv/shop/shared/{file}")


def make_site(systems, place):
    """From three bare machines to a shop that is live; kept as folders in ``place``."""
    place.mkdir()
    network = Network(place, systems)
    try:
        for number, name in enumerate(NAMES, 11):
            network.machine(name, number, kind="systemd" if name == "web1" else "plain")
        desk = Desk(network, place / "home")
        shop = Shop(place / "shop", network.machines.values())
        shop.begin()
        site = Site(network, desk, shop, {})
        for release in (FIRST, SECOND, *KINDS):
            site.add(release, release if release in KINDS else "good")
        (place / "releases.json").write_text(json.dumps(site.releases))
        done = site.fairlead("provision", "production", "--yes")
        assert done.returncode == 0, done.stdout
        again = site.fairlead("provision", "production", "--check")
        assert again.returncode == 0, again.stdout
        went = site.deploy(FIRST)
        assert went.outcome == "live", went.said
        for name, machine in network.machines.items():
            machine.keep(place / name)
    finally:
        network.close()


def start_site(systems, kept, place):
    """The site that ``make_site`` kept, running on a network of its own."""
    network = Network(place, systems)
    try:
        for number, name in enumerate(NAMES, 11):
            kind = "systemd" if name == "web1" else "plain"
            network.machine(name, number, kind=kind, system=(kept / name,))
        for part in ("shop", "home"):
            subprocess.run(("cp", "-a", kept / part, place / part), check=True)
        desk = Desk(network, place / "home")
        shop = Shop(place / "shop", network.machines.values())
        return Site(network, desk, shop, json.loads((kept / "releases.json").read_text()))
    except BaseException:
        network.close()
        raise
