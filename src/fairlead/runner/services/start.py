"""Starting all services of a job, and waiting until each answers."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fairlead.errors import ServiceFailed
from fairlead.model import Pairs, Service
from fairlead.runner.sandbox.base import Box
from fairlead.runner.services import command, postgres, redis
from fairlead.runner.services.base import Kind, Place, Started, last_output

KINDS: dict[str, Kind] = {
    "command": command.start,
    "postgres": postgres.start,
    "redis": redis.start,
}
_LOOK_EVERY = 0.01  # seconds
_ATTEMPTS = 3
_TAKEN = "in use"  # how servers say that somebody else has taken their port meanwhile


class StartedServices(msgspec.Struct, frozen=True, kw_only=True):
    """Services that answer. ``seconds`` pairs each name with how long that took."""

    env: Pairs
    seconds: tuple[tuple[str, float], ...]
    started: tuple[Started, ...]

    def close(self) -> None:
        """End them all. Idempotent; the end of their box ends them too."""
        for one in self.started:
            _end(one)


def start_all(  # noqa: PLR0917 — in the order in which they are needed
    services: tuple[Service, ...],
    box: Box,
    folder_host: Path,
    folder_inside: str,
    cache: Path,
    env: Mapping[str, str],
    stop: Callable[[], str] = lambda: "",
) -> StartedServices:
    """Start the services of a job side by side, and wait until all answer.

    ``folder_host`` is an empty folder, which the box can write to as ``folder_inside``; ``cache``
    is kept between runs. ``env`` is what the job's steps get: each service gets it too, and a
    command also what the services before it offer. ``stop`` returns why there is no more waiting.

    Raises ``ServiceFailed`` after ending those that run.
    """
    started: list[Started] = []
    offered: dict[str, str] = {}
    seconds: dict[str, float] = {}
    try:
        for service in sorted(services, key=_ours_first):
            place = Place(
                service=service,
                box=box,
                host=folder_host / service.name,
                inside=f"{folder_inside}/{service.name}",
                cache=cache,
                env={**env, **offered},
            )
            started.append(_start(place))
            offered |= dict(started[-1].env)
        for index, one in enumerate(started):
            started[index] = _until_ready(one, stop)
            seconds[one.place.service.name] = time.monotonic() - one.began
    except BaseException:
        for one in started:
            _end(one)
        raise
    pairs = tuple(pair for one in started for pair in one.env)
    return StartedServices(env=pairs, seconds=tuple(seconds.items()), started=tuple(started))


def _ours_first(service: Service) -> bool:
    """A project's own programs come last.

    They may need the others, and are not to be there yet while a template is made that other jobs
    will use.
    """
    return service.kind == "command"


def _start(place: Place) -> Started:
    service = place.service
    if service.kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise ServiceFailed(
            f"{service.name}: unknown kind of service {service.kind!r}", hint=f"known: {known}"
        )
    try:
        place.host.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceFailed(f"{service.name}: {error.strerror}: {place.host}") from error
    return KINDS[service.kind](place)


def _until_ready(one: Started, stop: Callable[[], str]) -> Started:
    """Wait for a service; once more from the start where somebody else was quicker on its port."""
    for attempt in range(1, _ATTEMPTS + 1):
        problem = _wait(one, stop)
        if not problem:
            return one
        said = last_output(one.place)
        if _TAKEN not in said or attempt == _ATTEMPTS:
            break
        _end(one)
        one = _start(one.place)
    _end(one)
    raise ServiceFailed(f"{one.place.service.name}: {problem}", hint=said)


def _wait(one: Started, stop: Callable[[], str]) -> str:
    """Why it is not ready, or nothing once it is."""
    timeout = one.place.service.timeout
    until = time.monotonic() + timeout
    while True:
        code = one.running.poll()
        if code is not None:
            return f"ended with {code} before it was ready"
        if one.ready():
            return ""
        if time.monotonic() >= until:
            return f"not ready within {timeout:g} s"
        if reason := stop():
            return f"not waited for: {reason}"
        time.sleep(_LOOK_EVERY)


def _end(one: Started) -> None:
    one.running.kill()
    one.running.close()
    one.clear()
