"""Whether the way to a host is free: signing in, becoming who scripts run as, what is there."""

import asyncio
import shlex
import time

import msgspec

from fairlead.deploy.hosts import close_all, open_each
from fairlead.deploy.layout import layout_of, user_of
from fairlead.deploy.ssh import SshConnection
from fairlead.errors import HostError
from fairlead.model.environment import Environment, Host
from fairlead.settings import Settings

_SCRIPT = """
. /etc/os-release 2>/dev/null || :
echo "system ${PRETTY_NAME:-unknown}"
echo "python $(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null || :)"
df -Pk / | awk 'NR == 2 { print "free", $4 }'
echo "clock $(date +%s)"
"""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a host. What did not work is in ``problems``, with what to do.

    ``free`` is in bytes, ``clock`` the seconds that its clock is ahead of ours.
    """

    host: str
    login: str = ""
    user: str = ""
    root: bool = False
    provisioned: bool = False
    system: str = ""
    python: str = ""
    free: int = 0
    clock: float = 0.0
    problems: tuple[str, ...] = ()


async def check(
    environment: Environment, hosts: tuple[Host, ...], settings: Settings
) -> tuple[Checked, ...]:
    """Check hosts side by side; never raises for what is wrong with one."""
    found = await open_each(hosts, user=user_of(environment), settings=settings)
    connections = [one for one in found if isinstance(one, SshConnection)]
    try:
        checked = iter(await asyncio.gather(*(_check(environment, one) for one in connections)))
    finally:
        await close_all(connections)
    return tuple(
        next(checked)
        if isinstance(one, SshConnection)
        else Checked(host=str(host), problems=(_said(host, one),))
        for host, one in zip(hosts, found, strict=True)
    )


async def _check(environment: Environment, connection: SshConnection) -> Checked:
    problems: list[str] = []
    facts: dict[str, str] = {}
    try:
        done = await connection.run(_SCRIPT, root=True, check=False)
        facts = dict(line.split(" ", 1) for line in done.text.splitlines() if " " in line)
    except HostError as error:
        problems.append(_said(connection.host, error))
    ahead = float(facts["clock"]) - time.time() if facts.get("clock") else 0.0
    folder = shlex.quote(layout_of(environment).root)
    user = ""
    try:
        done = await connection.run(f"id -un; [ ! -w {folder} ] || echo there")
        user, _, there = done.text.partition("\n")
    except HostError as error:
        there = ""
        problems.append(_said(connection.host, error))
    return Checked(
        host=str(connection.host),
        login=connection.login,
        user=user,
        root=bool(facts),
        provisioned=there == "there",
        system=facts.get("system", ""),
        python=facts.get("python", "").strip(),
        free=int(facts.get("free", "0") or 0) << 10,
        clock=round(ahead, 1),
        problems=tuple(problems),
    )


def _said(host: Host, error: HostError) -> str:
    """An error without the name of the host that it is told below."""
    return str(error).removeprefix(f"{host}: ")
