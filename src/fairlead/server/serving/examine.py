"""``fairlead doctor --server``: whether an installation that runs is as it should be."""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import msgspec

from fairlead.errors import FairleadError
from fairlead.runner.doctor import Finding, State, git, judge_space
from fairlead.server.configuration import Configuration, load_configuration
from fairlead.server.links import base_url
from fairlead.server.serving.database import name_address, name_database, running_database
from fairlead.server.serving.prepare import refused

_SKEW = 5.0  # seconds that two clocks may be apart
_WAIT = 10.0  # seconds for an answer


def examine_url(url: str) -> tuple[Finding, ...]:
    """What can be seen of a server from elsewhere; ``url`` is how people reach it."""
    if not url.startswith(("http://", "https://")):
        return (
            _missing("server", f"{url!r} is not a web address", "such as https://ci.example.org"),
        )
    return tuple(_over_http(url.rstrip("/")))


def examine_here(told: Configuration) -> tuple[Finding, ...]:
    """Everything, on the machine where it runs, or any that knows its database."""
    name_address(told)
    told = load_configuration(os.environ)
    first = (database(told),)
    beside = (git(), http_backend(), storage(told), space(told.data))
    if first[0].state is not State.OK:
        return (*first, *beside)
    name_database(running_database(told))
    from fairlead.server.setup import setup

    setup()
    inside = [_tried(name, look) for name, look in _INSIDE.items()]
    return (*first, *inside, *beside, *_over_http(base_url(told)))


def database(told: Configuration) -> Finding:
    """Whether it can be logged in to, and what it is."""
    import psycopg

    try:
        url = running_database(told)
        with psycopg.connect(url, connect_timeout=int(_WAIT)) as connection:
            version = connection.info.server_version // 10_000
    except FairleadError as error:
        return _missing("database", error.message, error.hint)
    except psycopg.Error as error:
        hint = "see what FAIRLEAD_DATABASE_URL says" if refused(error) else "start PostgreSQL"
        return _missing("database", " ".join(str(error).split()), hint)
    whose = "named by FAIRLEAD_DATABASE_URL" if told.database_url else "its own"
    return Finding(name="database", state=State.OK, text=f"PostgreSQL {version}, {whose}")


def tables() -> Finding:
    """Whether they are this version's."""
    from fairlead.server.serving.prepare import missing_steps

    if steps := missing_steps():
        hint = "start fairlead serve, web or scheduler of this version"
        return _missing("tables", f"{steps} steps behind", hint)
    return Finding(name="tables", state=State.OK, text="as this version wants them")


def workers() -> Finding:
    """Who was heard of lately."""
    from django.conf import settings
    from django.utils import timezone

    from fairlead.server.store.models import Worker

    now, known = timezone.now(), list(Worker.objects.all())
    heard = [row for row in known if _age(now, row.seen) < settings.FAIRLEAD.intervals.stalled]
    if not heard:
        hint = "start fairlead worker, or look at what it says"
        return Finding(name="workers", state=State.LACKING, text="none was heard of", hint=hint)
    silent = len(known) - len(heard)
    text = ", ".join(f"{row.name} ({row.slots} at once)" for row in heard)
    return Finding(
        name="workers", state=State.OK, text=text + (f"; {silent} silent" * bool(silent))
    )


def clock() -> Finding:
    """Our clock beside the database's."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone() or (datetime.now(UTC),)
    return judge_clock(_age(datetime.now(UTC), there))


def judge_clock(ahead: float) -> Finding:
    """So many seconds that this machine is ahead of the other, judged."""
    if abs(ahead) <= _SKEW:
        return Finding(name="clock", state=State.OK, text="agrees")
    way = "ahead" if ahead > 0 else "behind"
    hint = "synchronise the clocks: timedatectl set-ntp true"
    text = f"{abs(ahead):.0f} s {way} of the server's"
    return Finding(name="clock", state=State.LACKING, text=text, hint=hint)


def http_backend() -> Finding:
    """The part of git that pushes and clones over HTTP go through."""
    from fairlead.util.git import try_git

    try:
        folder = Path(try_git("--exec-path", cwd=Path("/")).text.strip())
    except FairleadError as error:
        return _missing("git http-backend", error.message, "install git")
    if (folder / "git-http-backend").exists():
        return Finding(name="git http-backend", state=State.OK, text="installed")
    return _missing("git http-backend", f"not in {folder}", "install the whole of git")


def storage(told: Configuration) -> Finding:
    """Whether files can be stored."""
    from fairlead.server.storage import open_storage

    try:
        open_storage(told).check()
    except FairleadError as error:
        return _missing("storage", error.message, error.hint)
    return Finding(name="storage", state=State.OK, text=told.storage or str(told.data / "storage"))


def space(data: Path) -> Finding:
    """The room that is left where the data is."""
    place = next((path for path in (data, *data.parents) if path.exists()), Path("/"))
    found = judge_space(shutil.disk_usage(place).free)
    hint = "free some, or keep builds for a shorter time" if found.hint else ""
    return Finding(name=found.name, state=found.state, text=found.text, hint=hint)


def _over_http(url: str) -> Iterable[Finding]:
    import httpx

    begun = time.monotonic()
    try:
        answer = httpx.get(f"{url}/readyz", timeout=_WAIT)
        checks: dict[str, str] = answer.json()["checks"]
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        yield _missing("web node", f"{url} does not answer: {why}", "start fairlead serve or web")
        return
    except (ValueError, KeyError, TypeError):
        yield _missing("web node", f"{url} is not a Fairlead", "see what runs there")
        return
    took = time.monotonic() - begun
    for name, words in checks.items():
        if words != "ok":
            yield _missing(f"web node's {name}", words, "see what the web node logs")
    yield Finding(name="web node", state=State.OK, text=f"{url} answers in {took * 1000:.0f} ms")
    if "date" in answer.headers:
        there = parsedate_to_datetime(answer.headers["date"])
        found = judge_clock(_age(datetime.now(UTC), there))
        yield msgspec.structs.replace(found, name="web node's clock")


def _tried(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # noqa: BLE001 — whatever it is, it is a finding
        return _missing(name, f"{type(error).__name__}: {error}".splitlines()[0], "")


def _age(now: Any, then: Any) -> float:
    seconds: float = (now - then).total_seconds()
    return seconds


def _missing(name: str, text: str, hint: str) -> Finding:
    return Finding(name=name, state=State.MISSING, text=text, hint=hint)


_INSIDE = {"tables": tables, "workers": workers, "clock": clock}
