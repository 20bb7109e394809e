"""Databases on the first host: the application signs in by its user, without a password."""

from collections.abc import Callable

from fairlead.deploy.provision.parts.nginx import runs
from fairlead.deploy.provision.render import quoted
from fairlead.deploy.provision.resources import Ensure, Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError


def part(target: Target) -> Part | None:
    """Servers, a role and a database named after the application's user."""
    names = target.wanted.databases
    if not names or not target.first:
        return None
    if unknown := [name for name in names if name not in _KINDS]:
        raise UsageError(
            f"{unknown[0]!r} is no database that hosts are made ready with",
            hint=f"known are {', '.join(_KINDS)}",
        )
    made = [_KINDS[name](target.user) for name in names]
    others = len(target.environment.hosts) > 1
    return Part(
        name="databases",
        packages=tuple(package for packages, _ in made for package in packages),
        after=tuple(ensure for _, ensures in made for ensure in ensures),
        notes=(f"databases live on {target.host.address} and answer that machine alone",)
        if others
        else (),
    )


_Made = tuple[tuple[str, ...], tuple[Ensure, ...]]


def _postgres(user: str) -> _Made:
    made = "runuser -u postgres --"
    return ("postgresql",), (
        runs("postgresql"),
        Ensure(
            title=f"create role {user} of PostgreSQL",
            test=f"{made} psql -qAt -c 'select rolname from pg_roles' | grep -qx {user}",  # noqa: S608 — a name, checked
            make=f"{made} createuser {user}",
        ),
        Ensure(
            title=f"create database {user} of PostgreSQL",
            test=f"{made} psql -qAt -c 'select datname from pg_database' | grep -qx {user}",  # noqa: S608 — a name, checked
            make=f"{made} createdb --owner={user} {user}",
        ),
    )


def _mysql(user: str) -> _Made:
    return ("default-mysql-server",), (
        Ensure(
            title="start MySQL",
            test='service_runs "$(mysql_service)"',
            make='service_start "$(mysql_service)"',
        ),
        Ensure(
            title=f"create user and database {user} of MySQL",
            test=f"runuser -u {user} -- mysql -e {quoted(f'USE `{user}`')}",
            # MariaDB and MySQL name the same thing, signing in by the socket, in two ways.
            make=f"{_mysql_made(user, 'VIA unix_socket')} 2>/dev/null"
            f" || {_mysql_made(user, 'WITH auth_socket')}",
        ),
    )


def _mysql_made(user: str, way: str) -> str:
    words = (
        f"CREATE DATABASE IF NOT EXISTS `{user}` CHARACTER SET utf8mb4;"
        f" CREATE USER IF NOT EXISTS '{user}'@'localhost' IDENTIFIED {way};"
        f" GRANT ALL ON `{user}`.* TO '{user}'@'localhost';"
    )
    return f"mysql -e {quoted(words)}"


def _redis(user: str) -> _Made:
    del user
    return ("redis-server",), (runs("redis-server"),)


_KINDS: dict[str, Callable[[str], _Made]] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "redis": _redis,
}
