"""What may go where: rules of an environment that only ``--force`` goes against."""

from fairlead.errors import DeploymentRefused, UsageError
from fairlead.model.environment import Environment, Host
from fairlead.model.plan import Pairs
from fairlead.model.release import Release
from fairlead.util.globs import selects


def objections(environment: Environment, release: Release) -> tuple[str, ...]:
    """Why a release must not go to an environment, a sentence each; none for one that may."""
    manifest = release.manifest
    name = f"release {release.number}" if release.number else f"release {manifest.version}"
    found = []
    if manifest.verdict != "passed":
        was = f"its build {manifest.verdict}" if manifest.verdict else "no build tested it"
        found.append(f"{name} did not pass: {was}")
    if (environment.branches or environment.tags) and not _allowed(environment, release):
        wanted = [f"branch {glob}" for glob in environment.branches]
        wanted += [f"tag {glob}" for glob in environment.tags]
        comes = f"branch {manifest.branch}" if manifest.branch else "no branch"
        found.append(f"{name} comes from {comes}; {environment.name} takes {' or '.join(wanted)}")
    return tuple(found)


def check(environment: Environment, release: Release, *, forced: bool) -> None:
    """Raises ``DeploymentRefused`` for what must not go there."""
    against = () if forced else objections(environment, release)
    if against:
        raise DeploymentRefused("; ".join(against), hint="--force deploys it, and is recorded")


def chosen_hosts(environment: Environment, addresses: tuple[str, ...]) -> tuple[Host, ...]:
    """The hosts of an environment, or those with these addresses, in the environment's order.

    Raises ``UsageError`` for an address it does not have, or where there is no host at all.
    """
    known = {host.address for host in environment.hosts}
    for address in addresses:
        if address not in known:
            raise UsageError(
                f"{environment.name} has no host {address!r}",
                hint=f"its hosts: {', '.join(sorted(known)) or 'none'}",
            )
    if not environment.hosts:
        raise UsageError(f"{environment.name} has no hosts", hint="name some under hosts:")
    if environment.app is None:
        raise UsageError(f"{environment.name} does not say what app it runs")
    hosts = environment.hosts
    return tuple(host for host in hosts if not addresses or host.address in addresses)


def _allowed(environment: Environment, release: Release) -> bool:
    manifest = release.manifest
    tag = release.tag or manifest.tag
    by_branch = environment.branches and manifest.branch
    by_tag = environment.tags and tag
    return bool(
        (by_branch and selects(environment.branches, manifest.branch))
        or (by_tag and selects(environment.tags, tag))
    )


def check_secrets(environment: Environment, secrets: Pairs) -> None:
    """Raises ``DeploymentRefused`` for secrets of an environment that have no value."""
    given = {name for name, _ in secrets}
    missing = [name for name in environment.secrets if name not in given]
    if missing:
        raise DeploymentRefused(
            f"{environment.name} needs secrets that are not stored: {', '.join(missing)}",
            hint=f"store each: fairlead secrets set {missing[0]}",
        )
