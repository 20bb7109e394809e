"""Any program as a service, ready when its check succeeds, or its port or socket answers."""

import shlex
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fairlead.errors import ServiceFailed
from fairlead.model import Pairs
from fairlead.runner.services.base import (
    LOOPBACK,
    Place,
    Started,
    asked_env,
    filled,
    free_port,
    launch,
    listens,
    socket_folder,
)

if TYPE_CHECKING:
    from fairlead.runner.sandbox.base import Running

_SETTLING = 0.1  # seconds in which a program that cannot start mostly ends


def start(place: Place) -> Started:
    """Start ``service.command`` in a shell, in the job's workspace."""
    service = place.service
    if not service.command.strip():
        raise ServiceFailed(f"{service.name}: a service needs a command")
    port, sockets = free_port(place.box), socket_folder(place)
    values = {
        "port": str(port),
        "socket": f"{sockets.path}/socket",
        "folder": place.inside,
        "host": LOOPBACK,
    }
    env = asked_env(service, values)
    command = filled(service.command, values)
    make = f"mkdir -p -m 700 {shlex.quote(sockets.path)} || exit"
    running = launch(place, ("/bin/sh", "-c", f"{make}\n{command}"), dict(env))
    return Started(
        place=place,
        running=running,
        ready=_readiness(place, values, env),
        env=env,
        clear=sockets.clear,
    )


def _readiness(place: Place, values: dict[str, str], env: Pairs) -> Callable[[], bool]:
    """The check that the file asks for; else its port, if it uses one; else a moment's survival."""
    service = place.service
    if service.ready:
        return _Check(place, values, env)
    texts = (service.command, *(text for _, text in service.env))
    if any("{port}" in text for text in texts):
        return lambda: listens(place.box, int(values["port"]))
    settled = time.monotonic() + _SETTLING
    return lambda: time.monotonic() >= settled


class _Check:
    """The readiness check: run in the box, again and again, one at a time."""

    def __init__(self, place: Place, values: dict[str, str], env: Pairs) -> None:
        self._place = place
        self._command = filled(place.service.ready, values)
        self._env = {**place.env, **dict(env)}
        self._running: Running | None = None

    def __call__(self) -> bool:
        if self._running is None:
            quiet = f"{{ {self._command}\n}} >/dev/null 2>&1"
            self._running = self._place.box.start(("/bin/sh", "-c", quiet), self._env)
        code = self._running.poll()
        if code is None:
            return False
        self._running.close()
        self._running = None
        return code == 0
