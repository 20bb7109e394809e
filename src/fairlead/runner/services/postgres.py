"""PostgreSQL: a server of the job's own, on a cluster that was initialised once."""

from fairlead.model import Pairs
from fairlead.runner.services.base import (
    LOOPBACK,
    Place,
    Started,
    asked_env,
    exchange,
    free_port,
    launch,
)
from fairlead.runner.services.cluster import Account, account_for, hand_over, template_for
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
_UNPACK = (
    'umask 077; mkdir -p "$1" "$2" && tar -xf "$3" -C "$2" && rm -f "$3" && shift 3 && exec "$@"'
)
# A StartupMessage of the protocol 3.0, and the first byte of the answer of a server that takes
# connections (chapter "Message Formats" of PostgreSQL's manual).
_FIELDS = f"user\0{_USER}\0database\0{_DATABASE}\0\0".encode()
_HELLO = (8 + len(_FIELDS)).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + _FIELDS
_WELCOME = b"R"


def start(place: Place) -> Started:
    """Start a server; steps get ``DATABASE_URL`` and the variables of libpq.

    Raises ``ServiceFailed`` where there are no server programs or no cluster can be made.
    """
    programs = find_postgres()
    account = account_for(place)
    try:
        template = template_for(place, account, programs)
        archive = hand_over(account, template)
        port = free_port(place.box, _USUAL_PORT)
        running = launch(place, _server(account, archive, str(programs / "postgres"), port))
    except BaseException:
        account.clear()
        raise
    return Started(
        place=place,
        running=running,
        ready=lambda: exchange(place.box, port, _HELLO).startswith(_WELCOME),
        env=_variables(place, port, account.sockets, template.password),
        clear=account.clear,
    )


def _server(account: Account, archive: str, program: str, port: int) -> tuple[str, ...]:
    unpack = ("/bin/sh", "-c", _UNPACK, "postgres", account.sockets, account.data, archive)
    settings = [part for name, value in _SETTINGS for part in ("-c", f"{name}={value}")]
    where = ("-D", account.data, "-k", account.sockets, "-p", str(port))
    return (*account.prefix, *unpack, program, *where, *settings)


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
