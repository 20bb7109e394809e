"""Where the programs of services are on a machine."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from fairlead.errors import ServiceFailed

INSTALL_POSTGRES = (
    "install PostgreSQL's server (Debian, Ubuntu: apt install postgresql; "
    "Fedora: dnf install postgresql-server)"
)
# Debian and Ubuntu; the PostgreSQL project's own RPMs; Alpine; Homebrew.
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)


def find_postgres(folders: Iterable[str] = _FOLDERS) -> Path:
    """The folder with the newest ``postgres`` and ``initdb``; one on PATH goes before all others.

    Raises ``ServiceFailed`` where there is none.
    """
    patterns = tuple(folders)
    on_path = shutil.which("postgres")
    if on_path and (Path(on_path).parent / "initdb").exists():
        return Path(on_path).parent
    found = [path for pattern in patterns for path in _matching(pattern) if _has_server(path)]
    if found:
        return max(found, key=_version)
    raise ServiceFailed(
        f"postgres: no server programs found (looked in PATH, {', '.join(patterns)})",
        hint=INSTALL_POSTGRES,
    )


def _matching(pattern: str) -> list[Path]:
    return list(Path("/").glob(pattern.lstrip("/")))


def _has_server(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))


def _version(folder: Path) -> tuple[int, ...]:
    """The numbers in a path: ``/usr/lib/postgresql/15/bin`` before ``…/9.6/bin``."""
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))
