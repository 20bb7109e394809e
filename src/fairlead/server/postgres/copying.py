"""Programs copied to where an unprivileged user reaches them.

A virtual environment under a home with mode 0700 is closed to the user that root becomes.
"""

import os
import shutil
from pathlib import Path

from fairlead.server.postgres.account import Account
from fairlead.server.postgres.errors import PostgresFailed, unwritable
from fairlead.server.postgres.launch import finish
from fairlead.server.postgres.programs import Programs
from fairlead.util.digest import sha256
from fairlead.util.fs import remove_tree

_WANTED = ("postgres", "initdb", "pg_dump", "pg_restore", "psql")
_LIBRARIES = "{}.libs"  # beside the package, where the programs look for them ($ORIGIN)


def reachable(programs: Programs, account: Account, folder: Path) -> Programs:
    """``programs`` as they are if ``account`` can run them, or else a copy of them in ``folder``.

    Only what came in the wheel is copied, once a version. Raises ``PostgresFailed`` where the
    account can run neither.
    """
    if _runs(programs, account):
        return programs
    if programs.bundle is None:
        raise PostgresFailed(
            f"user {account.name} cannot run {programs.folder / 'postgres'}",
            hint="let everybody read and run that folder",
        )
    place = folder / _name(programs)
    copy = Programs(
        folder=place / programs.folder.relative_to(programs.bundle.parent),
        version=programs.version,
        bundle=place / programs.bundle.name,
    )
    if not place.exists():
        _copy(programs, programs.bundle, place)
    if not _runs(copy, account):
        raise PostgresFailed(
            f"user {account.name} cannot run the copy of PostgreSQL in {place}",
            hint="its folder must be one that anybody may enter, and not be mounted noexec",
        )
    return copy


def _runs(programs: Programs, account: Account) -> bool:
    return finish((programs.folder / "postgres", "--version"), account).code == 0


def _name(programs: Programs) -> str:
    status = (programs.folder / "postgres").stat()
    facts = (programs.version, status.st_size, status.st_mtime_ns)
    return f"{programs.version}-{sha256(repr(facts).encode()).hexdigest()[:12]}"


def _copy(programs: Programs, bundle: Path, place: Path) -> None:
    aside = place.with_name(f".{place.name}")
    try:
        if place.parent.exists():  # copies for older versions, or one that was not finished
            remove_tree(place.parent)
        place.parent.mkdir()
        for source in _sources(programs, bundle):
            _put(source, aside / source.relative_to(bundle.parent))
        _open_to_all(place.parent)
        os.rename(aside, place)
    except shutil.Error as error:
        raise PostgresFailed(f"cannot copy PostgreSQL to {place}: {error}") from error
    except OSError as error:
        raise unwritable(place, error) from error


def _sources(programs: Programs, bundle: Path) -> list[Path]:
    install = programs.folder.parent
    names = [programs.folder / name for name in _WANTED]
    wanted = [*names, install / "lib", install / "share"]
    wanted.append(bundle.with_name(_LIBRARIES.format(bundle.name)))
    return [path for path in wanted if path.exists()]


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pgxs"))
    else:
        shutil.copy(source, target)


def _open_to_all(folder: Path) -> None:
    """Whatever our umask and the modes in the wheel were."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
