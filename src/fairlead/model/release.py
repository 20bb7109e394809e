"""What is deployed: a tested commit as one file, and what is known about it."""

from .plan import Value


class Member(Value, frozen=True, kw_only=True):
    """A file of a release, relative to its root; ``sha256`` in hexadecimal, ``size`` in bytes.

    ``link`` is where a symbolic link leads; checksum and size are then those of that text.
    """

    path: str
    sha256: str
    size: int
    executable: bool = False
    link: str = ""


class Manifest(Value, frozen=True, kw_only=True, omit_defaults=False):
    """What a release says of itself; signed as it is written.

    ``commit`` and ``tree`` are full object ids, ``committed`` the commit's time in Unix seconds,
    which all times inside the release are. ``build`` is the page or number of the build that
    tested it, ``verdict`` that build's outcome; both are empty for one nobody tested. ``python``
    is the version (``3.11``) and ``platform`` the tag (``linux_x86_64``) its wheels are for,
    ``locks`` pairs each lock file with its SHA-256, ``environment`` is the digest of everything
    that is installed (equal digests can share an environment). ``payload`` is the SHA-256 of
    ``payload.tar.gz``, which holds ``members``.
    """

    format: int = 1
    project: str
    version: str
    """What the application is told it is (``RELEASE_VERSION``): twelve digits of the commit."""
    commit: str
    tree: str = ""
    branch: str = ""
    tag: str = ""
    committed: int = 0
    build: str = ""
    verdict: str = ""
    python: str = ""
    platform: str = ""
    locks: tuple[tuple[str, str], ...] = ()
    environment: str = ""
    requirements: tuple[str, ...] = ()
    """``name==version`` of every wheel that goes along."""
    migrations: tuple[str, ...] = ()
    """Migration files, sorted: a rollback knows from them what it would go back over."""
    irreversible: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()
    payload: str = ""
    members: tuple[Member, ...] = ()


class Release(Value, frozen=True, kw_only=True):
    """A release as it is kept: its number in the project, where its file is, and by whom.

    ``sha256`` and ``size`` are those of the whole file, ``created`` is Unix seconds.
    """

    number: int
    manifest: Manifest
    file: str
    sha256: str
    size: int
    created: float
    by: str = ""
    tag: str = ""
