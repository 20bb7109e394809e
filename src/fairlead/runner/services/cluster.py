"""PostgreSQL clusters: initialised once per version, kept as an archive, unpacked for every job.

They are unpacked where the box keeps temporary files, which is memory where the box is isolated:
a cluster is a thousand small files, and every ``CREATE DATABASE`` copies three hundred of them.
"""

import os
import pwd
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from fairlead.errors import ServiceFailed
from fairlead.runner.sandbox.base import Running
from fairlead.runner.services.base import Place, last_output, launch, socket_folder
from fairlead.util.digest import sha256
from fairlead.util.fs import locked, remove_tree, unusable, write_atomic

_RECIPE = 2  # part of a template's name: raised when initdb is to be called otherwise
# Small files of a log that nobody needs unpack fast; the last resort is for old systems.
_CHOICES = (("--locale=C.UTF-8", "--wal-segsize=1"), ("--locale=C",))
_INITIALISE = (
    'umask 077; data=$1; archive=$2; shift 2; "$@" -D "$data" && '
    'tar -cf "$archive" -C "$data" . && rm -rf "$data"'
)
_NOBODY = 65534
# PostgreSQL refuses to run as root, and needs no more than to be somebody else.
_DROP = (
    "import os, sys; uid, gid = map(int, sys.argv[1:3]); os.setgroups([]); os.setgid(gid); "
    "os.setuid(uid); os.execvp(sys.argv[3], sys.argv[3:])"
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """As whom a cluster is run, and where.

    ``host`` is a folder to hand files over in, which the box sees as ``inside``; ``data`` and
    ``sockets`` are folders as the box sees them. ``prefix`` goes before every command.
    """

    host: Path
    inside: str
    data: str
    sockets: str
    owner: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()
    clear: Callable[[], None] = lambda: None

    def give(self, path: Path) -> None:
        """Let the account's user have a file."""
        if self.owner:
            os.chown(path, *self.owner)


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """An initialised cluster, as an archive, and its user's password."""

    archive: Path
    password: str


def account_for(place: Place) -> Account:
    """The box's user, or an ordinary one where that is root (only without isolation)."""
    if place.box.uid != 0:
        sockets = socket_folder(place)
        return Account(
            host=place.host,
            inside=place.inside,
            data=f"{place.box.tmp}/{place.service.name}-data",
            sockets=sockets.path,
            clear=sockets.clear,
        )
    try:
        entry = pwd.getpwnam("postgres")
        owner = (entry.pw_uid, entry.pw_gid)
    except KeyError:
        owner = (_NOBODY, _NOBODY)
    # The job's own folders may lie below one that only root can enter.
    folder = Path(tempfile.mkdtemp(prefix=f"fairlead-{os.getpid()}-"))
    os.chown(folder, *owner)
    return Account(
        host=folder,
        inside=str(folder),
        data=str(folder / "data"),
        sockets=str(folder / "sockets"),
        owner=owner,
        prefix=(sys.executable, "-I", "-S", "-c", _DROP, str(owner[0]), str(owner[1])),
        clear=lambda: remove_tree(folder),
    )


def template_for(place: Place, account: Account, programs: Path) -> Template:
    """The template for these programs; made in the box by the first job that needs it.

    Raises ``ServiceFailed`` with the last output of ``initdb``.
    """
    folder = place.cache / "postgres" / _fingerprint(programs / "postgres")
    template = folder / "cluster.tar"
    with locked(folder.with_suffix(".lock")):
        if not template.exists():
            _make(place, account, programs, folder)
    return Template(archive=template, password=(folder / "password").read_text("ascii"))


def hand_over(account: Account, template: Template) -> str:
    """Put a copy of the template where the box sees it; returns its path there."""
    copy = account.host / template.archive.name
    try:
        shutil.copyfile(template.archive, copy)
    except OSError as error:
        raise unusable(copy, error) from error
    account.give(copy)
    return f"{account.inside}/{copy.name}"


def _fingerprint(program: Path) -> str:
    status = program.stat()
    facts = (str(program), status.st_mtime_ns, status.st_size, _RECIPE)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _make(place: Place, account: Account, programs: Path, folder: Path) -> None:
    password = secrets.token_urlsafe(16)
    secret = account.host / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, "ascii")
    account.give(secret)
    _initialise(place, account, programs)
    secret.unlink()
    # The archive comes last: where it is, the template is complete.
    write_atomic(folder / "password", password.encode(), mode=0o600)
    write_atomic(folder / "cluster.tar", (account.host / "new.tar").read_bytes(), mode=0o600)
    (account.host / "new.tar").unlink()


def _initialise(place: Place, account: Account, programs: Path) -> None:
    into = ("/bin/sh", "-c", _INITIALISE, "initdb", account.data, f"{account.inside}/new.tar")
    initdb = (
        str(programs / "initdb"), "--username=postgres", "--encoding=UTF8", "--no-sync",
        "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={account.inside}/password",
    )  # fmt: skip
    for choices in _CHOICES:
        running = launch(place, (*account.prefix, *into, *initdb, *choices))
        code = _wait(running, place.service.timeout)
        if code == 0:
            return
    how = "took too long" if code is None else f"ended with {code}"
    raise ServiceFailed(f"{place.service.name}: PostgreSQL's initdb {how}", hint=last_output(place))


def _wait(running: Running, timeout: float) -> int | None:
    until = time.monotonic() + timeout
    while (code := running.poll()) is None and time.monotonic() < until:
        time.sleep(0.01)
    running.kill()
    running.close()
    return code
