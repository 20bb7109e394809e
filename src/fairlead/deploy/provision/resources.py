"""What a host can have, as values: files, folders, links, packages, and what has to be so.

Paths are absolute and of the host. Shell texts are POSIX, run as root by ``sh -eu`` with the
functions of ``templates/library.sh``. An empty ``group`` is the owner's own, whatever that is.
"""

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of all resources."""


class File(Value, frozen=True, kw_only=True):
    """A file with exactly this text. With ``once`` an existing one is left as it is.

    The text of a ``secret`` one is neither asked for nor shown: checksums are compared. ``aside``
    is a shell text that looks at ``$new``, the file before it is in its place, and may refuse it.
    """

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False
    aside: str = ""
    once: bool = False


class Line(Value, frozen=True, kw_only=True):
    """A line that a file has, whatever else it has; ``mode`` and owners are for a new file."""

    path: str
    line: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


class Link(Value, frozen=True, kw_only=True):
    """A symbolic link."""

    path: str
    target: str


class Absent(Value, frozen=True, kw_only=True):
    """A file or link that must not be there."""

    path: str


class Folder(Value, frozen=True, kw_only=True):
    """A folder with its owner and mode."""

    path: str
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"


class Ensure(Value, frozen=True, kw_only=True):
    """Anything else: ``test`` succeeds where it is so already, ``make`` makes it so.

    ``title`` is what ``make`` does, in words ("create user bank").
    """

    title: str
    test: str
    make: str


Placed = File | Line | Link | Absent


class Part(Value, frozen=True, kw_only=True):
    """What belongs together: it takes effect as a whole or is put back as a whole.

    In this order: ``packages``, ``before``, the ``files``, ``check`` (a shell text that refuses
    what would not work), ``effect`` (makes changed files count), ``after``.
    """

    name: str
    packages: tuple[str, ...] = ()
    before: tuple[Folder | Ensure, ...] = ()
    files: tuple[Placed, ...] = ()
    check: str = ""
    effect: str = ""
    after: tuple[Folder | Ensure, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know before it is applied."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says of itself; the defaults are those of a common one.

    ``signed_in`` is who came over SSH and ``home`` that one's folder; ``ssh_ports`` where sshd
    listens, the port of this very connection among them; ``listening`` the TCP ports that
    something answers on from outside.
    """

    system: str = ""
    """``debian 12``; empty where it was not said."""
    signed_in: str = "root"
    home: str = "/root"
    ssh_ports: tuple[int, ...] = (22,)
    listening: tuple[int, ...] = ()
    systemd: bool = True
    ipv6: bool = True
    clock: str = ""
    """The package of a time daemon that is installed already."""
    ufw: bool = False
    """Whether another firewall is in force."""
