"""PostgreSQL: a cluster of the job's own, copied from a template that was initialised once."""

from pathlib import Path

from fairlead.model import Pairs
from fairlead.runner.services.base import (
    LOOPBACK,
    Place,
    Started,
    asked_env,
    free_port,
    launch,
    socket_folder,
)
from fairlead.runner.services.cluster import Account, account_for, fill_cluster, template_for
from fairlead.runner.services.programs import find_postgres

_USUAL_PORT = 5432
_USER = _DATABASE = "postgres"
# The data is thrown away with the job, so nothing need survive a crash of the machine.
_SETTINGS = (
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("listen_addresses", LOOPBACK),
    ("unix_socket_permissions", "0700"),
)
_STATUS_LINE = 7  # of postmaster.pid, since PostgreSQL 10


def start(place: Place) -> Started:
    """Start a server; steps get ``DATABASE_URL`` and the variables of libpq.

    Raises ``ServiceFailed`` where there are no server programs or no cluster can be made.
    """
    programs = find_postgres()
    account = account_for(place)
    try:
        template = template_for(place, account, programs)
        data = fill_cluster(account, template)
        port, folder = free_port(place.box, _USUAL_PORT), account.sockets or socket_folder(place)
        running = launch(place, _server(account, str(programs / "postgres"), folder, port))
    except BaseException:
        account.clear()
        raise
    return Started(
        place=place,
        running=running,
        ready=lambda: _is_ready(data),
        env=_variables(place, port, folder, template.password),
        clear=account.clear,
    )


def _server(account: Account, program: str, folder: str, port: int) -> tuple[str, ...]:
    settings = [part for name, value in _SETTINGS for part in ("-c", f"{name}={value}")]
    launcher = ("/bin/sh", "-c", 'mkdir -p -m 700 "$1" && shift && exec "$@"', "postgres", folder)
    command = (program, "-D", f"{account.inside}/data", "-k", folder, "-p", str(port), *settings)
    return (*account.prefix, *launcher, *command)


def _is_ready(data: Path) -> bool:
    """What the server itself writes down; asking costs a process each time."""
    try:
        lines = (data / "postmaster.pid").read_text("ascii", "replace").splitlines()
    except OSError:
        return False
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def _variables(place: Place, port: int, folder: str, password: str) -> Pairs:
    values = {"port": str(port), "socket": folder, "folder": place.inside, "host": LOOPBACK}
    return (
        ("DATABASE_URL", f"postgresql://{_USER}:{password}@{LOOPBACK}:{port}/{_DATABASE}"),
        ("PGHOST", LOOPBACK),
        ("PGPORT", str(port)),
        ("PGUSER", _USER),
        ("PGPASSWORD", password),
        ("PGDATABASE", _DATABASE),
        *asked_env(place.service, values),
    )
