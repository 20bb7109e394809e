"""Two machines that were provisioned from bare, as a user would have it done: over SSH."""

import asyncio
import http.client
import json
import tempfile
from pathlib import Path

import pytest

from fairlead.deploy.hosts import close_all, open_all
from fairlead.deploy.layout import layout_of
from fairlead.deploy.provision.carry import look, provision
from fairlead.model.environment import App, Environment, Host, Process, Wanted
from fairlead.settings import Settings
from machines import network as networks
from machines.desk import Desk

_WEB = Path(__file__).with_name("web.py")


class Place:
    """A network with the hosts of one environment, and somebody who provisions them."""

    balancer = f"{networks.SUBNET}.9"
    office = "203.0.113.0/24"

    def __init__(self, network, home):
        self.network = network
        self.machines = [
            network.machine("web1", 11, kind="systemd"),
            network.machine("web2", 12, kind="plain"),
        ]
        self.desk = Desk(network, home)
        self.settings = Settings(
            home=home / "fairlead", config=home / "config", ssh=str(home / ".ssh")
        )
        self.environment = Environment(
            name="production",
            hosts=tuple(
                Host(address=machine.address, user="deploy", manager=manager)
                for machine, manager in zip(self.machines, ("systemd", "supervisor"), strict=True)
            ),
            app=App(
                name="bank",
                target="bank.wsgi:app",
                static=(("/static/", "staticfiles"),),
                workers=(Process(name="worker", command="./mail", count=2),),
                cron=(("*/5 * * * *", "echo 100% > shared/by-the-clock"),),
            ),
            domains=("bank.example",),
            wanted=Wanted(
                timezone="Europe/Berlin",
                ntp=False,
                upgrades=True,
                databases=("postgres", "redis"),
                backup="30 3 * * *",
                backups=2,
                body_limit="1k",
                office=(self.office,),
                proxies=(self.balancer,),
                keys=("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustForThisTest somebody",),
            ),
        )
        network.sh(f"ip addr add {self.balancer}/24 dev lan")

    def signed_in(self, work, hosts=None, user=None):
        """What ``work`` makes of connections to the hosts."""

        async def go():
            connections = await open_all(
                hosts or self.environment.hosts, user=user, settings=self.settings
            )
            try:
                return await work(connections)
            finally:
                await close_all(connections)

        with self.network.inside():
            return asyncio.run(go())

    def only(self, machine):
        """The host that this machine is, alone."""
        return [self.environment.hosts[self.machines.index(machine)]]

    def provision(self, environment=None, hosts=None, **more):
        return self.signed_in(
            lambda found: provision(environment or self.environment, found, **more),
            hosts or (environment or self.environment).hosts,
        )

    def look(self, environment=None, hosts=None, **more):
        wanted = environment or self.environment
        return self.signed_in(lambda found: look(wanted, found, **more), hosts or wanted.hosts)

    def ask(self, machine, path="/", method="GET", *, port=80, of=None, host="bank.example",
            body=None, headers=(), patience=10):  # fmt: skip
        """Status, headers and body of an answer; ``of`` is the address that is asked from."""
        with self.network.inside():
            source = (of, 0) if of else None
            line = http.client.HTTPConnection(machine.address, port, timeout=patience,
                                              source_address=source)  # fmt: skip
            try:
                line.request(method, path, body=body, headers={"Host": host, **dict(headers)})
                answer = line.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                line.close()

    def told(self, machine, path="/", **more):
        """What the application was told of a request."""
        status, _, body = self.ask(machine, path, **more)
        assert status == 200, body
        return json.loads(body)

    def go_live(self, machine, slot="blue"):
        """Do what a deployment does on a host, as the application's user."""
        layout = layout_of(self.environment)
        slots = f"{layout.root}/slots"
        name = f"bank-web@{slot}.service" if machine.name == "web1" else f"bank-web-{slot}"
        start = (
            f"sudo -n systemctl start {name}"
            if machine.name == "web1"
            else f"supervisorctl start {name} >/dev/null"
        )
        machine.run(
            f"cd {slots}/{slot}; cat >web; chmod +x web; ln -sfn ../../run/{slot}.sock sock;"
            f"mkdir -p real/source/staticfiles; ln -sfn real release;"
            f"echo {slot} >real/source/staticfiles/a.css; {start};"
            f"while ! [ -S {layout.run}/{slot}.sock ]; do sleep 0.05; done;"
            f"ln -sfn ../slots/live/sock {layout.live}; ln -sfn {slot} {slots}/live",
            user="bank",
            text=_WEB.read_text(),
        )


@pytest.fixture(scope="session")
def place(systems, tmp_path_factory):
    """The hosts as they are after one provisioning; tests leave them so."""
    with tempfile.TemporaryDirectory(prefix="fairlead-network-") as folder:
        network = networks.Network(Path(folder), systems)
        try:
            made = Place(network, tmp_path_factory.mktemp("desk") / "home")
            made.first = made.provision()
            made.second = made.provision()
            for machine in made.machines:
                made.go_live(machine)
            yield made
        finally:
            network.close()


@pytest.fixture(params=["web1", "web2"])
def machine(request, place):
    """Each host: the first with systemd, the second with supervisor."""
    return place.network.machines[request.param]
