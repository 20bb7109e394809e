"""`fairlead provision`: hosts as an environment wants them; what would change is shown first."""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.cli.view.look import Look
    from fairlead.deploy.provision.carry import Outlook, Provisioned
    from fairlead.deploy.ssh import SshConnection
    from fairlead.model.environment import Environment, Host
    from fairlead.settings import Settings

_SHORTEST = 3
"""Letters of a secret that are worth hiding; util.redact says why."""


@click.command(
    epilog="Example: fairlead provision production --dry-run, then fairlead provision production"
)
@click.argument("name", metavar="ENVIRONMENT")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--check", is_flag=True, help="As --dry-run; exit with 1 where something differs.")
@click.option("--yes", is_flag=True, help="Change it without asking.")
@click.option("--host", "only", multiple=True, metavar="HOST", help="This host only; repeatable.")
@click.option("--as", "user", metavar="USER", help="Sign in as USER (root, on a bare host).")
@click.option("--brief", is_flag=True, help="Name what changes, without the lines that differ.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run or --check: print as JSON.")
def command(
    *,
    name: str,
    dry_run: bool,
    check: bool,
    yes: bool,
    only: tuple[str, ...],
    user: str | None,
    brief: bool,
    as_json: bool,
) -> int:
    """Make the hosts of ENVIRONMENT what it wants: packages, users, nginx, firewall and the rest.

    Nothing is changed before you have seen what would be, and said yes. Running it again changes
    nothing where nothing differs. Exits with 0 where all hosts are as wanted (or, with --dry-run,
    could be looked at), with 1 where --check finds that one is not or you said no, and with 2
    where a host could not be reached or made ready.
    """
    from fairlead.cli.view.look import look_of
    from fairlead.errors import UsageError

    if as_json and not (dry_run or check):
        raise UsageError("--json goes with --dry-run or --check")
    looking = dry_run or check
    environment = context.environment(name)
    hosts = hosts_of(environment, only, user)
    if not (looking or yes or sys.stdin.isatty()):
        raise UsageError(
            "nobody is here to say yes", hint="--dry-run shows what would change, --yes does it"
        )
    work = _Work(environment, hosts, look_of(sys.stdout, os.environ), brief=brief)
    if looking:
        return asyncio.run(work.show(as_json=as_json, check=check))
    return asyncio.run(work.carry_out(yes=yes))


def hosts_of(
    environment: "Environment", only: Sequence[str] = (), user: str | None = None
) -> "tuple[Host, ...]":
    """The hosts that are meant; ``user`` is who signs in. Raises ``UsageError``."""
    import msgspec

    from fairlead.errors import UsageError

    if environment.provider != "ssh" or not environment.hosts:
        raise UsageError(
            f"{environment.name} has no hosts of its own (its provider is {environment.provider})"
        )
    known = {name: host for host in environment.hosts for name in (host.address, str(host))}
    if unknown := [name for name in only if name not in known]:
        addresses = ", ".join(host.address for host in environment.hosts)
        raise UsageError(
            f"{environment.name} has no host {unknown[0]!r}", hint=f"hosts: {addresses}"
        )
    chosen = [known[name] for name in only] or environment.hosts
    if user is not None:
        chosen = [msgspec.structs.replace(host, user=user) for host in chosen]
    return tuple(dict.fromkeys(chosen))


class _Work:
    """One provisioning at the terminal."""

    def __init__(
        self, environment: "Environment", hosts: "tuple[Host, ...]", look: "Look", *, brief: bool
    ) -> None:
        self.environment, self.hosts, self.look, self.brief = environment, hosts, look, brief
        self.settings: Settings = context.settings()
        self.unreached: list[str] = []

    async def show(self, *, as_json: bool, check: bool) -> int:
        """Look only: what would change."""
        from fairlead.deploy.provision.carry import look

        async with _Open(self) as connections:
            found = await look(self.environment, connections, secrets=self._secrets())
        if as_json:
            click.echo(_as_json(found, self.unreached))
        else:
            self._print(found)
        if self.unreached or any(outlook.error for outlook in found):
            return 2
        return int(check and any(outlook.changes for outlook in found))

    async def carry_out(self, *, yes: bool) -> int:
        """Look, ask, change."""
        from fairlead.deploy.provision.carry import provision

        agreed = True

        def agree(found: "tuple[Outlook, ...]") -> bool:
            nonlocal agreed
            self._print(found)
            agreed = yes or click.confirm("Change this?", default=False)
            click.echo("")
            return agreed

        async with _Open(self) as connections:
            done = await provision(
                self.environment,
                connections,
                agree=agree,
                secrets=self._secrets(),
                tell=self._progress,
            )
        if not agreed:
            click.echo("Nothing was changed.")
            return 1
        return self._report(done)

    def _progress(self, host: str, line: str) -> None:
        from fairlead.cli.view.clean import clean

        name = "" if len(self.hosts) == 1 else f"{self.look.style(host, 'dim')}  "
        click.echo(f"  {name}{clean(line.removeprefix('= '))}")

    def _print(self, found: "tuple[Outlook, ...]") -> None:
        from fairlead.cli.view.changes import changes_text

        click.echo(changes_text(found, self.look, brief=self.brief))

    def _report(self, done: "tuple[Provisioned, ...]") -> int:
        from fairlead.cli.view.changes import ended_text

        for text in ended_text(done, self.look):
            click.echo(text)
        failed = bool(self.unreached) or any(host.error for host in done)
        return 2 if failed else int(any(host.left for host in done))

    def _secrets(self) -> tuple[str, ...]:
        from fairlead.runner.secrets import load

        stored = load(self.settings.config, context.source().root).named
        return tuple(value for value in stored.values() if len(value) >= _SHORTEST)


class _Open:
    """Connections to all hosts that can be reached; the others are told of, and remembered."""

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.connections: tuple[SshConnection, ...] = ()

    async def __aenter__(self) -> "tuple[SshConnection, ...]":
        from fairlead.deploy.hosts import open_each
        from fairlead.errors import HostError

        for one in (found := await open_each(self.work.hosts, settings=self.work.settings)):
            if isinstance(one, HostError):
                self.work.unreached.append(str(one))
                click.echo(f"{self.work.look.style('error', 'bad')}: {one}", err=True)
        self.connections = tuple(one for one in found if not isinstance(one, HostError))
        return self.connections

    async def __aexit__(self, *_: object) -> None:
        from fairlead.deploy.hosts import close_all

        await close_all(self.connections)


def _as_json(found: "tuple[Outlook, ...]", unreached: list[str]) -> str:
    import msgspec

    answer = {
        "ok": not unreached and not any(one.changes or one.error for one in found),
        "hosts": found,
        "unreached": unreached,
    }
    return msgspec.json.format(msgspec.json.encode(answer)).decode()
