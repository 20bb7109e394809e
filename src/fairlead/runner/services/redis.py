"""Redis (or Valkey), in memory only."""

import secrets
import shutil

from fairlead.errors import ServiceFailed
from fairlead.runner.services.base import (
    LOOPBACK,
    Place,
    Started,
    asked_env,
    exchange,
    free_port,
    launch,
    socket_folder,
)

PROGRAMS = ("redis-server", "valkey-server")
_USUAL_PORT = 6379
INSTALL = "install Redis (Debian, Ubuntu: apt install redis-server; Fedora: dnf install valkey)"


def find() -> str:
    """The server's program. Raises ``ServiceFailed`` where there is none."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise ServiceFailed(
        f"redis: no server program found (looked for {' and '.join(PROGRAMS)} on PATH)",
        hint=INSTALL,
    )


def start(place: Place) -> Started:
    """Start a server on a port and a socket of its own; steps get ``REDIS_URL``."""
    program = find()
    port, sockets = free_port(place.box, _USUAL_PORT), socket_folder(place)
    # On a loopback that others use too, a server without password would be theirs as well.
    password = "" if place.box.own_network else secrets.token_urlsafe(16)
    path = place.host / "redis.conf"
    path.touch(mode=0o600)
    path.write_text(_configuration(place, port, f"{sockets.path}/redis.sock", password))
    launcher = ("/bin/sh", "-c", 'mkdir -p -m 700 "$1" && exec "$2" "$3"', "redis")
    running = launch(place, (*launcher, sockets.path, program, f"{place.inside}/redis.conf"))
    values = {
        "port": str(port),
        "socket": f"{sockets.path}/redis.sock",
        "folder": place.inside,
        "host": LOOPBACK,
    }
    # The user is named because redis-cli would otherwise send an empty name.
    sign_in = f"default:{password}@" if password else ""
    url = f"redis://{sign_in}{LOOPBACK}:{port}/0"
    greeting = f"AUTH {password}\r\nPING\r\n" if password else "PING\r\n"
    return Started(
        place=place,
        running=running,
        ready=lambda: exchange(place.box, port, greeting.encode()).endswith(b"+PONG\r\n"),
        env=(("REDIS_URL", url), *asked_env(place.service, values)),
        clear=sockets.clear,
    )


def _configuration(place: Place, port: int, path: str, password: str) -> str:
    lines = [
        f"bind {LOOPBACK}",
        f"port {port}",
        f'unixsocket "{path}"',
        "unixsocketperm 700",
        f'dir "{place.inside}"',
        'save ""',
        "appendonly no",
        "daemonize no",
    ]
    if password:
        lines.append(f"requirepass {password}")
    return "\n".join(lines) + "\n"
