"""What a request resolves to, once a day: pinned packages, whoever asks.

Kept in ``home/resolutions/<request>/<period>.json``. The period is the UTC date, the month for
our own tools, or ``fixed`` where a lock file decides alone.
"""

import datetime as dt
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.command import Unreachable
from fairlead.runner.environments.locks import held
from fairlead.runner.environments.request import (
    EnvironmentRequest,
    interpreter_identity,
    normal_name,
)
from fairlead.runner.environments.requirements import ROOT, LocalProject
from fairlead.util.decoding import from_json
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic

_FORMAT = 1
"""Raised whenever stored environments of before must not be used any more."""

FIXED = "fixed"


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Packages to install without looking at their dependencies.

    ``pinned`` lines carry hashes, ``pylock`` is the text of a lock file for uv, ``projects`` are
    the folders of the project to install beside, ``period`` says how long this is believed.
    """

    lines: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    pylock: str = ""
    projects: tuple[LocalProject, ...] = ()
    notices: tuple[str, ...] = ()
    period: str = FIXED


def today() -> str:
    """The UTC date."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def environment_key(request: EnvironmentRequest, resolution: Resolution, indexes: str) -> str:
    """The name of the environment that holds a resolution: equal for equal contents only.

    ``indexes`` is the identity of the package indexes: the same version from another index may
    be another package.
    """
    lines = (*resolution.lines, *resolution.pinned)
    files = [pair for pair in request.digests if any(pair[0] in line for line in lines)]
    chosen = (request.extras, request.groups) if resolution.pylock else ()
    content = (lines, resolution.pylock, chosen, files)
    origin = (indexes, request.options, request.hosts, request.trust)
    identity = interpreter_identity(request.interpreter)
    return sha256(msgspec.json.encode([_FORMAT, identity, origin, content])).hexdigest()[:32]


class Resolutions:
    """The resolutions kept in ``folder``. ``resolve`` does the work for one that is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(
        self,
        request: EnvironmentRequest,
        indexes: str,
        period: str,
        resolve: Callable[[EnvironmentRequest], Resolution],
    ) -> Resolution:
        """The resolution of ``request`` in ``period``, made by ``resolve`` at most once.

        Where the package index is away, the latest earlier one is taken, and says so.
        """
        name = sha256(request.identity() + indexes.encode()).hexdigest()[:32]
        file = self._folder / name / f"{period}.json"
        if (known := _read(file)) is not None:
            return known
        with held(file.parent / "lock"):
            if (known := _read(file)) is not None:
                return known
            try:
                found = msgspec.structs.replace(resolve(request), period=period)
            except Unreachable as error:
                if (earlier := _latest(file.parent)) is None:
                    raise
                first = error.message.partition("\n")[0]
                text = f"using the versions resolved on {earlier.period}: {first}"
                return msgspec.structs.replace(earlier, notices=(*earlier.notices, text))
            write_atomic(file, msgspec.json.encode(found), mode=0o600)
            return found

    def prune(self, before: float) -> None:
        """Forget resolutions that were made before ``before`` (Unix seconds)."""
        from fairlead.util.fs import remove_tree

        for folder in self._folder.glob("*"):
            files = list(folder.glob("*.json"))
            if all(file.stat().st_mtime < before for file in files):
                remove_tree(folder)


def _read(file: Path) -> Resolution | None:
    try:
        return from_json(file.read_bytes(), Resolution)
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None


def _latest(folder: Path) -> Resolution | None:
    found = (_read(file) for file in _newest_first(folder))
    return next((one for one in found if one is not None), None)


def split_lines(
    lines: Iterable[str], root: Path, folder: str = ""
) -> tuple[tuple[str, ...], tuple[LocalProject, ...]]:
    """Resolved lines without folders of the project, and those folders.

    ``folder`` is the one that relative paths are given from.
    """
    kept: list[str] = []
    projects: list[LocalProject] = []
    for line in lines:
        path = _local_path(line, root, folder)
        if path is None:
            kept.append(line)
        elif (root / path).is_dir():
            mode = "editable" if line.startswith("-e ") else "wheel"
            projects.append(LocalProject(path=path, mode=mode))
        else:
            kept.append(f"{ROOT}/{path}")
    return tuple(kept), tuple(projects)


def _local_path(line: str, root: Path, folder: str) -> str | None:
    """The path below ``root`` that a requirement stands for, or ``None``."""
    text = line.removeprefix("-e ").partition(" ;")[0].strip()
    text = re.sub(r"^[\w.-]+(?:\[[^]]*\])? @ ", "", text)
    text = text.removeprefix("file://").replace(str(root), ROOT, 1)
    text = re.sub(r"\[[^]]*\]$", "", text)
    if text.startswith("."):
        text = f"{ROOT}/{folder}/{text}" if folder else f"{ROOT}/{text}"
    if not text.startswith(ROOT):
        return None
    path = posixpath.normpath(text.removeprefix(ROOT).lstrip("/") or ".")
    if path.startswith(".."):
        raise EnvironmentFailed(f"{line!r} lies outside of the project")
    return path


def package_name(line: str) -> str:
    """The normal name of the package that a requirement line is about, or nothing."""
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
    return normal_name(found[0]) if found else ""


def _newest_first(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder), reverse=True)
    except OSError:
        return []
    return [folder / name for name in names if name.endswith(".json")]
