"""A new cluster: made aside and renamed, so that it is there whole or not at all."""

import os
import tempfile
from pathlib import Path

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.address import DATABASE, USER
from fairlead.server.postgres.errors import PostgresFailed, refused, unwritable
from fairlead.server.postgres.launch import finish
from fairlead.server.postgres.layout import Layout
from fairlead.server.postgres.programs import Programs
from fairlead.util.fs import remove_tree

_ASIDE = ".new-"
_BUILTIN = 17  # the first version with a locale that no system library changes under an index
_LOCALES = (("--locale=C.UTF-8", "--lc-messages=C"), ("--locale=C",))
_SAME_EVERYWHERE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def initialise(layout: Layout, programs: Programs, account: Account) -> None:
    """Make the cluster where there is none, with one user and one database named ``fairlead``.

    Raises ``PostgresFailed`` with the reason of PostgreSQL's own programs.
    """
    _sweep(layout.root)
    if layout.data.exists():
        return
    try:
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=layout.root))
        try:
            account.give(aside)
            _initdb(aside, programs, account)
            _create_database(aside, programs, account)
            os.rename(aside, layout.data)
            _sync(layout.root)
        finally:
            remove_tree(aside)
    except OSError as error:
        raise unwritable(layout.root, error) from error


def _sweep(root: Path) -> None:
    """Remove what a killed start has left half made."""
    try:
        for path in root.glob(f"{_ASIDE}*"):
            remove_tree(path)
    except OSError as error:
        raise unwritable(root, error) from error


def _initdb(aside: Path, programs: Programs, account: Account) -> None:
    fixed = (
        programs.program("initdb"), f"--pgdata={aside}", f"--username={USER}", "--encoding=UTF8",
        "--auth=peer", "--data-checksums",
    )  # fmt: skip
    choices = (_SAME_EVERYWHERE,) if programs.major >= _BUILTIN else _LOCALES
    words = ""
    for locale in choices:
        done = finish((*fixed, *locale), account)
        if done.code == 0:
            return
        words = done.text
    raise refused("PostgreSQL's initdb failed", words, place=aside.parent)


def _create_database(aside: Path, programs: Programs, account: Account) -> None:
    """Without a server: the single-user mode reads commands, one a line."""
    argv = (
        programs.program("postgres"), "--single", "-D", aside, "-c", "exit_on_error=on",
        "-c", "log_checkpoints=off", "postgres",
    )  # fmt: skip
    done = finish(argv, account, text=f"CREATE DATABASE {DATABASE}\n".encode())
    if done.code:
        raise refused("PostgreSQL's first database failed", done.text, place=aside.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_version(layout: Layout) -> None:
    """Raise ``PostgresFailed`` where a data folder does not hold what its name says."""
    try:
        found = (layout.data / "PG_VERSION").read_text("ascii", "replace").strip()
    except FileNotFoundError:
        found = ""
    except OSError as error:
        raise unwritable(layout.data, error) from error
    if found != str(layout.major):
        what = f"data of PostgreSQL {found}" if found else "no data of PostgreSQL"
        raise PostgresFailed(
            f"{layout.data} holds {what}",
            hint="move that folder elsewhere; a backup can be restored into a new one",
        )
