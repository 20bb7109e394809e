"""What `fairlead deploy` and `fairlead rollback` have in common: asked, carried out, shown."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from fairlead.deploy.arriving import Connect
    from fairlead.deploy.order import DeployOrder, Order
    from fairlead.deploy.plan import Plan
    from fairlead.deploy.telling import Emit
    from fairlead.model.deployment import AnyDeployEvent, DeployFinished, DeployStarted
    from fairlead.model.environment import Environment
    from fairlead.model.plan import Pairs
    from fairlead.model.release import Release

_INTERRUPTED = 130


def secrets_of(environment: "Environment") -> "Pairs":
    """The stored values of the secrets an environment names; what is not stored is left out."""
    if not environment.secrets:
        return ()
    from fairlead.runner.checkout.repository import find_repository, project_root
    from fairlead.runner.secrets import load

    here = Path.cwd().resolve()
    root = project_root(here, find_repository(here))
    found = load(context.settings().config, root).resolve(environment.secrets)
    return tuple(sorted(found.items()))


def as_named(release: "Release", environment: "Environment") -> "Release":
    """A release with the branch and tag by which the environment takes it, where there is one.

    A release is its commit's: the branch it was packaged on is not the only one it is on since.
    """
    import msgspec

    from fairlead.util.globs import selects

    packaged_on = release.manifest.branch
    if environment.branches and packaged_on and selects(environment.branches, packaged_on):
        return release
    branches, tags = _names_of(release.manifest.commit)
    branch = next((b for b in branches if selects(environment.branches, b)), "")
    tag = next((t for t in tags if selects(environment.tags, t)), "")
    if environment.branches and branch:
        manifest = msgspec.structs.replace(release.manifest, branch=branch)
        release = msgspec.structs.replace(release, manifest=manifest)
    return msgspec.structs.replace(release, tag=tag) if environment.tags and tag else release


def _names_of(commit: str) -> tuple[list[str], list[str]]:
    """The branches that hold a commit, those of remotes too, and the tags that stand at it."""
    from fairlead.util.git import try_git

    here = Path.cwd()
    refs = try_git(
        "for-each-ref", f"--contains={commit}", "--format=%(refname)",
        "refs/heads", "refs/remotes", cwd=here,
    )  # fmt: skip
    tags = try_git("tag", f"--points-at={commit}", cwd=here)
    names = []
    for ref in refs.text.splitlines() if not refs.code else ():
        _, kind, name = ref.split("/", 2)
        names.append(name if kind == "heads" else name.partition("/")[2])
    return list(dict.fromkeys(names)), tags.text.split() if not tags.code else []


def connecting(environment: "Environment") -> "Connect":
    """How the hosts of an environment are reached: over SSH, for scripts as its user."""
    from fairlead.deploy.layout import user_of
    from fairlead.deploy.ssh import connect

    settings, user = context.settings(), user_of(environment)
    return lambda host: connect(host, user=user, settings=settings)


def carry_out(order: "Order", *, events: bool, plain: bool) -> int:
    """Carry an order out and show it; returns the exit code.

    The first Ctrl-C ends it in good order, the second at once, which still puts hosts back.
    """
    from fairlead.cli.view.deployment import choose_deploy_view
    from fairlead.model.deployment import DeployFinished, DeployOutcome, DeployStarted

    sink = choose_deploy_view(sys.stdout, os.environ, events=events, plain=plain)
    started: list[DeployStarted] = []
    ended: list[DeployFinished] = []

    def emit(event: "AnyDeployEvent") -> None:
        if isinstance(event, DeployStarted):
            started.append(event)
        elif isinstance(event, DeployFinished):
            ended.append(event)
        sink(event)

    try:
        asyncio.run(_carry_out(order, emit))
    except asyncio.CancelledError:
        # The second Ctrl-C: what came of it was told all the same.
        if not ended:
            return _INTERRUPTED
    finally:
        sink.close()
    finished = ended[-1]
    for event in started:
        if order.environment.provider != "ssh":
            _remember(event, finished)
        if finished.outcome is DeployOutcome.LIVE:
            _note(order.environment.name, {event.version, event.previous})
    return _exit_code(finished)


async def _carry_out(order: "Order", emit: "Emit") -> None:
    from fairlead.deploy import providers
    from fairlead.deploy.order import DeployOrder

    connect, stop = connecting(order.environment), asyncio.Event()
    with _Signals(stop):
        if isinstance(order, DeployOrder):
            await providers.deploy(order, emit, stop, connect=connect)
        else:
            await providers.rollback(order, emit, stop, connect=connect)


def _remember(started: "DeployStarted", finished: "DeployFinished") -> None:
    """Write down here what no host of ours does."""
    from fairlead.deploy.providers.journal import Journal
    from fairlead.errors import StoreError
    from fairlead.model.deployment import Past

    past = Past(
        time=finished.time,
        kind=started.kind,
        release=started.release,
        version=started.version,
        commit=started.commit,
        outcome=finished.outcome,
        by=started.by,
        seconds=finished.seconds,
        sentence=finished.sentence,
        forced=started.forced,
        previous=started.previous,
    )
    try:
        Journal(context.source().root, started.environment).add(past)
    except StoreError as error:
        click.echo(f"this deployment is not remembered here: {error}", err=True)


def _note(environment: str, versions: set[str]) -> None:
    """Remember on the shelf what is live, and what can be gone back to: neither is pruned."""
    from fairlead.cli.runs import find_root
    from fairlead.errors import StoreError
    from fairlead.release.shelf import shelf_of

    shelf = shelf_of(find_root(Path.cwd()))
    try:
        if known := shelf.list():
            numbers = [one.number for one in known if one.manifest.version in versions]
            shelf.note_live(environment, numbers)
    except StoreError as error:
        click.echo(f"what is live is not remembered here: {error}", err=True)


def show_plan(order: "Order", *, as_json: bool) -> int:
    """Print what would be done; hosts are looked at, and nothing is changed."""
    from fairlead.deploy.rollout import foresee

    if order.environment.provider != "ssh":
        from fairlead.errors import UsageError

        raise UsageError(f"{order.environment.name} has no hosts to look at beforehand")
    plan = asyncio.run(foresee(order, connect=connecting(order.environment)))
    if as_json:
        from fairlead.cli.builds import print_json

        print_json(without_values(plan))
        return 0
    from fairlead.cli.view.deployplan import plan_lines
    from fairlead.cli.view.look import look_of

    look = look_of(sys.stdout, os.environ)
    for line in plan_lines(plan, look):
        click.echo(look.plain(line), color=look.colour)
    return 0


def without_values(plan: "Plan") -> "dict[str, object]":
    """A plan as JSON has it, without the environment, which `fairlead environments` shows."""
    import msgspec

    found: dict[str, object] = msgspec.to_builtins(plan)
    found["environment"] = plan.environment.name
    return found


def confirm(order: "DeployOrder", *, yes: bool) -> None:
    """Have a person type the environment's name where it asks for that.

    Raises ``UsageError`` where nobody is there, ``DeploymentRefused`` for another word.
    """
    from fairlead.errors import DeploymentRefused, UsageError

    environment = order.environment
    if environment.approval and not order.forced:
        raise DeploymentRefused(
            f"{environment.name} wants the approval of a second person, which a server asks for",
            hint="--force deploys without it, and is recorded",
        )
    if yes or not environment.confirm:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{environment.name} wants to be confirmed", hint="--yes does it")
    manifest = order.release.manifest
    name = f"release {order.release.number} ({manifest.version})"
    typed = click.prompt(f"Type {environment.name} to deploy {name} there", default="", err=True)
    if typed.strip() != environment.name:
        raise DeploymentRefused("not confirmed; nothing was done")


def _exit_code(finished: "DeployFinished") -> int:
    from fairlead.model.deployment import DeployOutcome

    codes = {DeployOutcome.LIVE: 0, DeployOutcome.CANCELLED: _INTERRUPTED}
    return codes.get(finished.outcome, 1)


class _Signals:
    """Ctrl-C and TERM end a deployment in good order.

    What was to be ignored before stays so: ``nohup`` has a deployment outlive its terminal.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._heeded = [n for n in ends if signal.getsignal(n) is not signal.SIG_IGN]

    def __enter__(self) -> None:
        for number in self._heeded:
            self._loop.add_signal_handler(number, self._end)

    def __exit__(self, *_exc: object) -> None:
        for number in self._heeded:
            self._loop.remove_signal_handler(number)

    def _end(self) -> None:
        if self._stop.is_set() and self._task:
            self._task.cancel()
        self._stop.set()
