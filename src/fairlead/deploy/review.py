"""Review environments: a pull request with its own folder, user, slots, database and host name.

One environment of the pipeline file with ``review: true`` is the pattern of them all. Whatever is
made for a number is called by it, so that it can be found and removed again from what the pattern
and the number say.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from fairlead.deploy import providers
from fairlead.deploy.base import Connection
from fairlead.deploy.hosts import close_all, open_all
from fairlead.deploy.layout import layout_of, user_of
from fairlead.deploy.order import DeployOrder
from fairlead.deploy.provision.carry import provision
from fairlead.deploy.provision.parts import parts_of
from fairlead.deploy.provision.parts.firewall import FOLDER
from fairlead.deploy.provision.render import quoted
from fairlead.deploy.provision.resources import File, Line, Link
from fairlead.deploy.provision.target import Target
from fairlead.deploy.telling import Emit
from fairlead.errors import HostFailed, UsageError
from fairlead.model.deployment import DeployFinished
from fairlead.model.environment import Environment, review_name
from fairlead.model.plan import Pairs
from fairlead.model.release import Release
from fairlead.settings import Settings

_NUMBER: Final = "{number}"
_OURS: Final = re.compile(r"-pr-[1-9][0-9]*\Z")
_KEEP: Final = 2
_MOST: Final = 999_999
_REMOVING: Final = 300.0


def review_environment(pattern: Environment, number: int) -> Environment:
    """The environment of one pull request.

    ``{number}`` is filled in in domains and variables. Its rule is gone: the pull
    request's branch has any name. Raises ``UsageError`` where the pattern is not for reviews.
    """
    if not pattern.review or pattern.app is None:
        raise UsageError(
            f"{pattern.name} is not for reviews", hint="write `review: true` in fairlead.yml"
        )
    if pattern.provider != "ssh":
        raise UsageError(f"{pattern.provider} makes no places for pull requests of ours")
    if not 0 < number <= _MOST:
        raise UsageError(f"{number} is no number of a pull request")
    name = review_name(pattern.app.name, number)
    replace = msgspec.structs.replace
    return replace(
        pattern,
        name=f"{pattern.name}-{number}",
        review=False,
        branches=(),
        tags=(),
        automatic=False,
        approval=False,
        confirm=False,
        app=replace(pattern.app, name=name),
        root=f"{pattern.root}-{number}" if pattern.root else "",
        user="",
        domains=tuple(_filled(domain, number) for domain in pattern.domains),
        env=tuple((key, _filled(value, number)) for key, value in pattern.env),
        keep=min(pattern.keep, _KEEP),
        warm=False,
    )


async def bring(
    pattern: Environment,
    number: int,
    release: Release,
    emit: Emit,
    stop: asyncio.Event,
    *,
    settings: Settings,
    secrets: Pairs = (),
    by: str = "",
    forced: bool = False,
    tell: Callable[[str, str], None] = lambda _host, _line: None,
) -> DeployFinished:
    """Make a pull request's place where it has none yet, and deploy a release there.

    Raises as ``open_all`` and ``providers.deploy`` do, and ``HostFailed`` for a host that cannot
    be made ready.
    """
    environment = review_environment(pattern, number)
    values = [value for _, value in secrets]
    await prepare(environment, settings=settings, secrets=values, tell=tell)
    from fairlead.deploy.ssh import connect

    order = DeployOrder(
        environment=environment, release=release, secrets=secrets, by=by, forced=forced
    )
    user = user_of(environment)
    return await providers.deploy(
        order, emit, stop, connect=lambda host: connect(host, user=user, settings=settings)
    )


async def prepare(
    environment: Environment,
    *,
    settings: Settings,
    secrets: Sequence[str] = (),
    tell: Callable[[str, str], None] = lambda _host, _line: None,
) -> None:
    """Make the hosts of a review environment ready for it; ``secrets`` are never shown.

    Raises as ``open_all`` does, and ``HostFailed``.
    """
    connections = await open_all(environment.hosts, settings=settings)
    try:
        done = await provision(environment, connections, secrets=secrets, tell=tell)
    finally:
        await close_all(connections)
    if failed := [host for host in done if host.error]:
        raise HostFailed("; ".join(f"{host.host}: {host.error}" for host in failed))


async def numbers(pattern: Environment, settings: Settings) -> tuple[int, ...]:
    """The pull requests that have a place on the first host, sorted."""
    review_environment(pattern, 1)
    layout = layout_of(review_environment(pattern, 1))
    base = quoted(layout.root.removesuffix("1"))
    script = f'for place in {base}*; do [ -d "$place" ] && echo "${{place##*-}}"; done; :'
    connections = await open_all(pattern.hosts[:1], settings=settings)
    try:
        done = await connections[0].run(script, root=True)
    finally:
        await close_all(connections)
    return tuple(sorted(int(word) for word in done.text.split() if word.isdecimal()))


async def remove(pattern: Environment, number: int, *, settings: Settings) -> tuple[str, ...]:
    """Take everything of a pull request from its hosts: processes, site, database, user, files.

    What is gone already is no error, so this can be done twice. Returns the hosts.
    """
    return await take_away(review_environment(pattern, number), settings=settings)


async def take_away(environment: Environment, *, settings: Settings) -> tuple[str, ...]:
    """The same for what ``review_environment`` gave, whatever its pattern says by now."""
    if environment.app is None or not _OURS.search(environment.app.name):
        raise UsageError(f"{environment.name} is not the review environment of a pull request")
    connections = await open_all(environment.hosts, settings=settings)
    try:
        await asyncio.gather(*(_remove(environment, one) for one in connections))
    finally:
        await close_all(connections)
    return tuple(str(host) for host in environment.hosts)


async def _remove(environment: Environment, connection: Connection) -> None:
    first = environment.hosts[0]
    here = (connection.host.address, connection.host.port)
    target = Target(
        environment=environment, host=connection.host, first=here == (first.address, first.port)
    )
    await connection.run(removal(target), root=True, timeout=_REMOVING)


def removal(target: Target) -> str:
    """The script that removes an application from a host, as root.

    Files are those that provisioning writes for this application and no other; what hosts share
    (packages, firewall, time) stays.
    """
    app, user, root = target.name, target.user, target.layout.root
    files = " ".join(map(quoted, own_files(target)))
    lock = quoted(target.layout.lock)
    busy = f"{{ echo '{app} is being deployed' >&2; exit 1; }}"
    lines = [
        'have() { command -v "$1" >/dev/null 2>&1; }',
        # Whoever deploys holds this lock: nothing is pulled away under a deployment.
        f"if [ -e {lock} ]; then exec 9<{lock}; flock -w 60 9 || {busy}; fi",
        "if [ -d /run/systemd/system ]; then",
        f"  systemctl disable -q {app}.service 2>/dev/null || :",
        f"  systemctl stop '{app}-*@*.service' {app}.service 2>/dev/null || :",
        "fi",
        f"rm -f {files}",
        "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi",
        "if have supervisorctl && supervisorctl pid >/dev/null 2>&1; then",
        f"  for program in $(supervisorctl status | awk '$1 ~ /^{app}-/ {{print $1}}'); do",
        '    supervisorctl stop "$program" >/dev/null || :',
        '    supervisorctl remove "$program" >/dev/null || :',
        "  done",
        f"  supervisorctl reread >/dev/null || :; supervisorctl update {app} >/dev/null 2>&1 || :",
        "fi",
        f"if have nft && [ -e {FOLDER}/fairlead-10-host.nft ]; then",
        f"  cat {FOLDER}/fairlead-*.nft | nft -f - || :",
        "fi",
        "if have nginx && nginx -t -q 2>/dev/null; then nginx -s reload 2>/dev/null || :; fi",
        *(_database(name, user) for name in target.wanted.databases if target.first),
        f"if id -u {user} >/dev/null 2>&1; then",
        f"  pkill -KILL -u {user} || :",
        f"  gpasswd -q -d www-data {user} >/dev/null 2>&1 || :",
        f"  userdel {user} 2>/dev/null || {{ sleep 1; userdel -f {user}; }}",
        f"  ! getent group {user} >/dev/null || groupdel {user}",
        "fi",
        f"rm -rf {quoted(root)} {quoted(target.log)} /var/backups/{app}",
    ]
    return "\n".join(lines) + "\n"


def own_files(target: Target) -> tuple[str, ...]:
    """Files and links that provisioning writes for this application alone."""
    mine = re.compile(rf"(?:fairlead-(?:[0-9]+-)?)?{re.escape(target.name)}(?![0-9a-z])")
    placed = (one for part in parts_of(target) for one in part.files)
    paths = (
        one.path for one in placed if isinstance(one, File | Link) and not isinstance(one, Line)
    )
    inside = (target.layout.root, target.log)
    return tuple(
        path for path in paths
        if mine.match(path.rpartition("/")[2]) and not path.startswith(inside)
    )  # fmt: skip


def _database(kind: str, user: str) -> str:
    if kind == "postgres":
        return (
            f"if have dropdb; then runuser -u postgres -- dropdb --if-exists --force {user};"
            f" runuser -u postgres -- dropuser --if-exists {user}; fi"
        )
    if kind == "mysql":
        return (
            f"if have mysql; then mysql -e 'DROP DATABASE IF EXISTS `{user}`;"
            f" DROP USER IF EXISTS `{user}`@localhost'; fi"
        )
    return ":"


def _filled(text: str, number: int) -> str:
    return text.replace(_NUMBER, str(number))
