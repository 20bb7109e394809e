"""Folders of PostgreSQL data: made by ``initdb`` once per version, and copied for every job."""

import os
import pwd
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from fairlead.errors import ServiceFailed
from fairlead.runner.sandbox.base import Running
from fairlead.runner.services.base import Place, last_output, launch
from fairlead.util.fs import locked, remove_tree, unusable

_RECIPE = 1  # part of a template's name: raised when initdb is to be called otherwise
_NOBODY = 65534
# Small files of a log that nobody needs copy fast; the last resort is for old systems.
_CHOICES = (("--locale=C.UTF-8", "--wal-segsize=1"), ("--locale=C",))
# PostgreSQL refuses to run as root, and needs no more than to be somebody else.
_DROP = (
    "import os, sys; uid, gid = map(int, sys.argv[1:3]); os.setgroups([]); os.setgid(gid); "
    "os.setuid(uid); os.execvp(sys.argv[3], sys.argv[3:])"
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """As whom a cluster is run, and where: ``host`` is its folder, seen from the box as ``inside``.

    ``prefix`` goes before every command; ``sockets`` is a folder the user may listen in, where
    that is not the box's own.
    """

    host: Path
    inside: str
    owner: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()
    sockets: str = ""
    clear: Callable[[], None] = lambda: None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """An initialised cluster to copy, and its user's password."""

    data: Path
    password: str


def account_for(place: Place) -> Account:
    """The box's user, or an ordinary one where that is root (only without isolation)."""
    if place.box.uid != 0:
        return Account(host=place.host, inside=place.inside)
    try:
        entry = pwd.getpwnam("postgres")
        owner = (entry.pw_uid, entry.pw_gid)
    except KeyError:
        owner = (_NOBODY, _NOBODY)
    # The job's folder may lie below one that only root can enter.
    folder = Path(tempfile.mkdtemp(prefix="fairlead-"))
    os.chown(folder, *owner)
    return Account(
        host=folder,
        inside=str(folder),
        owner=owner,
        prefix=(sys.executable, "-I", "-S", "-c", _DROP, str(owner[0]), str(owner[1])),
        sockets=str(folder / "sockets"),
        clear=lambda: remove_tree(folder),
    )


def template_for(place: Place, account: Account, programs: Path) -> Template:
    """The template for these programs; made in the box by the first job that needs it.

    Raises ``ServiceFailed`` with the last output of ``initdb``.
    """
    folder = place.cache / "postgres" / _fingerprint(programs / "postgres")
    with locked(folder.with_suffix(".lock")):
        if not (folder / "password").exists():
            _make(place, account, programs, folder)
    return Template(data=folder / "data", password=(folder / "password").read_text("ascii"))


def fill_cluster(account: Account, template: Template) -> Path:
    """Copy the template to where the server will find it; returns the data folder."""
    data = account.host / "data"
    if not data.exists():
        try:
            shutil.copytree(template.data, data, copy_function=shutil.copyfile)
        except (OSError, shutil.Error) as error:
            raise ServiceFailed(f"postgres: cannot copy a cluster to {data}: {error}") from error
    data.chmod(0o700)
    if account.owner:
        _give(data, account.owner)
    return data


def _fingerprint(program: Path) -> str:
    status = program.stat()
    facts = (str(program), status.st_mtime_ns, status.st_size, _RECIPE)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _make(place: Place, account: Account, programs: Path, folder: Path) -> None:
    password = secrets.token_urlsafe(16)
    secret = account.host / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, "ascii")
    if account.owner:
        os.chown(secret, *account.owner)
    _initialise(place, account, programs)
    secret.unlink()
    remove_tree(folder)
    aside = folder.with_name(f"{folder.name}.{os.getpid()}")
    remove_tree(aside)
    try:
        aside.mkdir(mode=0o700)
        shutil.copytree(account.host / "data", aside / "data")
        (aside / "password").write_text(password, "ascii")
        aside.rename(folder)
    except OSError as error:
        raise unusable(folder, error) from error


def _initialise(place: Place, account: Account, programs: Path) -> None:
    argv = (
        *account.prefix, str(programs / "initdb"), "-D", f"{account.inside}/data",
        "--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256",
        f"--pwfile={account.inside}/password", "--encoding=UTF8", "--no-sync",
    )  # fmt: skip
    for choices in _CHOICES:
        code = _wait(launch(place, (*argv, *choices)), place.service.timeout)
        if code == 0:
            return
    how = "took too long" if code is None else f"ended with {code}"
    raise ServiceFailed(f"postgres: initdb {how}", hint=last_output(place))


def _wait(running: Running, timeout: float) -> int | None:
    until = time.monotonic() + timeout
    try:
        while (code := running.poll()) is None and time.monotonic() < until:
            time.sleep(0.01)
        if code is None:
            running.kill()
        return code
    finally:
        running.close()


def _give(folder: Path, owner: tuple[int, int]) -> None:
    for root, _folders, files in os.walk(folder):
        os.chown(root, *owner)
        for name in files:
            os.chown(os.path.join(root, name), *owner)
