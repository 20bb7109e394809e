"""What an installation of the server is told: variables ``FAIRLEAD_*``, each with a default."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError, StoreError
from fairlead.util.decoding import from_plain
from fairlead.util.fs import unusable
from fairlead.util.serving import data_folder


class Intervals(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of the engine's clockwork; tests shorten them, people need not.

    A worker beats every ``heartbeat``; one that was not heard of for ``stalled`` is taken for
    dead by ``reap``, which looks that often, but not within ``grace`` of a start of PostgreSQL.
    A build whose worker has not reached the database for ``lease`` ends itself, so ``lease``
    must be shorter than ``stalled``. ``poll`` is how often queues are looked at without having
    been notified, so how late a build that was put off may start, and ``flush`` how long lines
    and tests are gathered before they are stored, all else thrice as long. Logs whose worker did
    not make a file of them are looked for every ``tidy``, and are such after as long.
    """

    heartbeat: float = 4.0
    stalled: float = 12.0
    reap: float = 5.0
    grace: float = 15.0
    lease: float = 8.0
    poll: float = 5.0
    flush: float = 0.1
    tidy: float = 60.0


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """``data`` holds what cannot be made again; ``database_url`` is empty for the embedded one.

    ``labels`` are what this machine's worker offers, ``slots`` how many builds it runs at once;
    ``queue_timeout`` is for how long a build may wait (0: for ever), ``drain_timeout`` for how
    long a stopping worker waits for its builds before it hands them to another (0: for ever),
    ``pool_timeout`` for how long one query waits for a connection. ``deploys`` says whether a
    worker makes releases and deploys them: by default where it is not alone on its machine.
    ``deploy_scripts`` allows ``provider: script``, whose commands run as the worker's own user.
    ``url`` is how people and other machines reach us, ``listen`` where the web node does so;
    ``proxies`` are addresses (``*``: any) whose ``X-Forwarded-For`` and ``-Proto`` are believed;
    ``public`` lets anybody read. ``worker_token`` is what a worker on another host shows the web
    nodes; one with the data folder at hand needs none. ``repository_limit`` is in bytes, for
    each hosted repository; ``rate_limit`` is requests a minute of one token or address.
    ``mirror_protocols`` are those by which remote repositories may be reached.
    """

    data: Path
    database_url: str = ""
    secret_key: str = ""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    storage: str = ""
    labels: tuple[str, ...] = ()
    slots: int = 2
    queue_timeout: float = 86400.0
    drain_timeout: float = 0.0
    deploys: bool | None = None
    deploy_scripts: bool = False
    pool_timeout: float = 10.0
    debug: bool = False
    url: str = ""
    listen: str = "127.0.0.1:8600"
    proxies: tuple[str, ...] = ()
    public: bool = False
    worker_token: str = ""
    repository_limit: int = 2 << 30
    rate_limit: int = 600
    mirror_protocols: tuple[str, ...] = ("https", "ssh", "git")
    log_format: str = "text"
    intervals: Intervals = Intervals()


_LISTS = ("hosts", "labels", "proxies", "mirror_protocols")


def load_configuration(environ: Mapping[str, str]) -> Configuration:
    """Read the variables. Raises ``FairleadError`` for one that is not of its kind."""
    values: dict[str, object] = {"data": str(data_folder(environ))}
    for name in Configuration.__struct_fields__:
        if name != "intervals" and (text := environ.get(f"FAIRLEAD_{name.upper()}")):
            values[name] = _words(text) if name in _LISTS else text
    every = {
        name: text
        for name in Intervals.__struct_fields__
        if (text := environ.get(f"FAIRLEAD_EVERY_{name.upper()}"))
    }
    try:
        intervals = from_plain(every, Intervals, strict=False)
        known = from_plain(
            values, Configuration, strict=False, hook=lambda kind, value: kind(value)
        )
    except msgspec.ValidationError as error:
        words, _, place = str(error).rpartition(" - at `$.")
        name = place.rstrip("`").upper()
        name = name if name.lower() in values else f"EVERY_{name}"
        raise FairleadError(f"FAIRLEAD_{name} is not of its kind: {words}") from error
    if intervals.lease >= intervals.stalled:
        raise FairleadError(
            "FAIRLEAD_EVERY_LEASE must be shorter than FAIRLEAD_EVERY_STALLED",
            hint="otherwise a build could run on two machines at once",
        )
    return msgspec.structs.replace(known, intervals=intervals)


def secret_key(configuration: Configuration) -> str:
    """What sessions and links are signed with: as told, or made once and kept in ``data``.

    All web nodes of a cluster must be told the same.
    """
    if configuration.secret_key:
        return configuration.secret_key
    path = configuration.data / "secret_key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=folder_mode())
        key = path.read_text("ascii") if path.exists() else _make_key(path)
    except OSError as error:
        raise unusable(path, error) from error
    if not key:
        raise StoreError(f"{path} is empty", hint="remove it: sessions will be signed anew")
    return key


def folder_mode() -> int:
    """The mode of a new data folder: as root, PostgreSQL's user must be able to pass through."""
    return 0o700 if os.geteuid() else 0o711


def _make_key(path: Path) -> str:
    # A link, unlike a rename, keeps the key that another process made at the same moment.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.touch(0o600)
    aside.write_text(secrets.token_urlsafe(50), "ascii")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    return path.read_text("ascii")


KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
"""What libpq is told of every connection: a server that is gone without a word is given up."""

_KEEPALIVE_THERE = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 8000,
}


def bounded(options: object, longest: float) -> str:
    """Words for PostgreSQL's ``options``: no transaction lies idle for ``longest`` seconds.

    Also PostgreSQL gives up a client that is gone without a word, since that may hold a lock
    that others wait for. By itself it would take hours.
    """
    limits = {"idle_in_transaction_session_timeout": f"{longest * 1000:.0f}", **_KEEPALIVE_THERE}
    words = [f"-c {name}={value}" for name, value in limits.items()]
    return " ".join([str(options), *words] if options else words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
