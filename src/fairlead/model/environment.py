"""Where a project is deployed to: the ``environments`` of its pipeline file as values.

Durations are seconds, sizes bytes, and paths of the project relative to its root with ``/``.
"""

from .plan import Location, Pairs, Value

ROLES = ("web", "worker", "cron")
_LONGEST = 31  # of a user's name


class Host(Value, frozen=True, kw_only=True):
    """A machine that is reached over SSH; ``user`` is empty for what SSH's own settings say.

    ``roles`` are some of ``ROLES``: web hosts serve requests, workers run the other processes,
    cron hosts what is due by the clock.
    """

    address: str
    user: str = ""
    port: int = 22
    roles: tuple[str, ...] = ("web", "worker", "cron")
    manager: str = ""
    """Its process manager where that is not the application's."""

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        address = f"[{self.address}]" if ":" in self.address else self.address
        port = f":{self.port}" if self.port != 22 else ""  # noqa: PLR2004 — SSH's own
        return f"{user}{address}{port}"


class Process(Value, frozen=True, kw_only=True):
    """A program of the application beside its web server, as a Procfile names it."""

    name: str
    command: str
    count: int = 1


class App(Value, frozen=True, kw_only=True):
    """What is run: ``target`` is ``module:callable``, ``interface`` ``wsgi`` or ``asgi``.

    ``server`` is gunicorn, uvicorn or uwsgi; ``command`` replaces what would be made of these and
    must listen on ``$SOCKET``. ``kind`` is ``django`` where manage.py is the project's, else
    empty. ``static`` pairs an address (``/static/``) with a folder of the release.
    """

    name: str
    kind: str = ""
    target: str = ""
    interface: str = "wsgi"
    server: str = "gunicorn"
    command: str = ""
    processes: int = 2
    threads: int = 8
    timeout: float = 30.0
    """The longest a request may take; it is also how long an old release may finish its own."""
    workers: tuple[Process, ...] = ()
    cron: Pairs = ()
    """What runs by the clock: five fields of cron, and the command."""
    static: Pairs = ()
    manager: str = "systemd"
    """``systemd`` or ``supervisor``."""


def review_name(base: str, number: int) -> str:
    """What the application of a pull request is called on its hosts, where its own is ``base``."""
    end = f"-pr-{number}"
    return base[: _LONGEST - len(end)].rstrip("-") + end


class Health(Value, frozen=True, kw_only=True):
    """When a release is well: ``path`` answers ``status``, with ``body`` in it, in time.

    ``version`` names where the answer tells the release: ``header:X-Version``, ``body`` or
    ``json:key.key``; it must be what ``RELEASE_VERSION`` told the application. Empty: not asked.
    """

    path: str = "/health"
    status: int = 200
    body: str = ""
    version: str = ""
    timeout: float = 5.0
    """How long one answer may take."""
    patience: float = 30.0
    """How long a release may take to become well."""
    successes: int = 2
    """Good answers in a row before it is believed."""


class Watch(Value, frozen=True, kw_only=True):
    """How long a new release is looked at after the switch, and what sends it back.

    ``errors`` is the share of answers (0 to 1) above 499 in the access log that is allowed; what is
    clearly more is too much, once there are ``requests`` of them.
    """

    seconds: float = 30.0
    errors: float = 0.05
    requests: int = 20


class Tls(Value, frozen=True, kw_only=True):
    """Files on the hosts: the certificate with its chain, and its key."""

    certificate: str
    key: str


class Hook(Value, frozen=True, kw_only=True):
    """A command before or after a phase, in the new release with its variables.

    ``on`` is ``each`` host or the ``first`` alone.
    """

    phase: str
    when: str
    command: str
    on: str = "each"


class Migrations(Value, frozen=True, kw_only=True):
    """How the database follows: ``command`` once on one host, ``pending`` tells what it would do.

    ``irreversible`` are globs of migration files that cannot be gone back over, ``maintenance``
    globs of those that need the site closed; a file may say both itself (``# fairlead:
    irreversible``, ``# fairlead: maintenance``). ``files`` are the globs of all of them.
    """

    command: str = ""
    pending: str = ""
    files: tuple[str, ...] = ("**/migrations/*.py", "**/versions/*.py", "migrations/*.sql")
    irreversible: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()


class Wanted(Value, frozen=True, kw_only=True):
    """What ``fairlead provision`` brings a host to beside nginx and the process manager.

    ``keys`` are public keys that may sign in as the deploying user, ``databases`` some of
    postgres, mysql and redis, ``firewall`` the ports that stay open beside SSH and the site's,
    ``backup`` when (five fields of cron) databases and shared files are saved, and how many stay.
    """

    packages: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    timezone: str = "Etc/UTC"
    ntp: bool = True
    firewall: bool = True
    ports: tuple[int, ...] = ()
    databases: tuple[str, ...] = ()
    upgrades: bool = True
    backup: str = ""
    backups: int = 7
    body_limit: str = "10m"
    rate: str = ""
    """Requests of one address (``20/s``); empty is without limit."""
    office: tuple[str, ...] = ()
    """Addresses (CIDR) that maintenance lets through."""
    proxies: tuple[str, ...] = ()
    """Load balancers in front, whose X-Forwarded-For is believed; nobody else's is."""


class Environment(Value, frozen=True, kw_only=True):
    """One place a project lives in: production, beta, dev.

    ``branches`` and ``tags`` are globs of what may go there; with ``automatic`` it does after a
    green build. ``approval`` asks for a second person on the server, ``confirm`` for a word at the
    terminal. ``secrets`` are names of stored secrets that the application gets as variables.
    ``provider`` is ``ssh``, ``heroku`` or ``script``; ``options`` are the latter two's own.
    ``phases`` are the phases that are asked for beside those that always run (``maintenance``,
    ``flush``); ``review`` makes each pull request an environment of its own.
    ``flush`` is the command that empties caches, ``build_static`` what makes static files where
    the release did not bring them.
    """

    name: str
    provider: str = "ssh"
    hosts: tuple[Host, ...] = ()
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    automatic: bool = False
    approval: bool = False
    confirm: bool = False
    env: Pairs = ()
    secrets: tuple[str, ...] = ()
    app: App | None = None
    root: str = ""
    """The application's folder on the hosts; ``/srv/<app>`` where it is empty."""
    user: str = ""
    """Whom the application runs as; the name of the application where it is empty."""
    domains: tuple[str, ...] = ()
    tls: Tls | None = None
    health: Health = Health()
    watch: Watch = Watch()
    migrations: Migrations = Migrations()
    build_static: str = ""
    flush: str = ""
    maintenance: bool = False
    """Whether every deployment closes the site while it migrates and switches."""
    hooks: tuple[Hook, ...] = ()
    keep: int = 5
    """Releases that stay on the hosts, the live one and its warm slot beside."""
    warm: bool = True
    """Whether the old slot keeps running after a deployment, for a rollback within a second."""
    notify: tuple[str, ...] = ()
    """Who is to be told what became of a deployment; nothing is sent yet."""
    wanted: Wanted = Wanted()
    review: bool = False
    options: Pairs = ()
    location: Location | None = None


class Packaging(Value, frozen=True, kw_only=True):
    """How a release is made: the ``release`` of the pipeline file.

    ``python`` is the version the hosts have, ``lock`` the requirements file with hashes whose
    wheels go along (told from the project's files where empty), ``build`` commands that make what
    is not committed (static files, documentation) and ``include`` the globs of what they make.
    ``tag`` is the pattern of the git tag each release gets (``v{number}``); empty for none.
    ``keep`` releases are kept beside those that are live somewhere.
    """

    python: str = "3"
    lock: str = ""
    extras: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tag: str = ""
    keep: int = 20
