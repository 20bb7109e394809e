"""The files of a release, gathered from where they were made: the commit, the build, a layer."""

import csv
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fairlead.errors import ReleaseFailed
from fairlead.release.archive import Piece
from fairlead.release.reading import stays
from fairlead.util.globs import selects

SOURCE, SITE, WHEELS = "source", "site", "wheels"
_PACKED = (
    ".whl", ".gz", ".bz2", ".xz", ".zst", ".br", ".zip", ".png", ".jpg", ".jpeg", ".webp", ".avif",
    ".gif", ".woff", ".woff2", ".mp3", ".mp4", ".webm", ".pdf",
)  # fmt: skip
_BYTECODE = (".pyc", ".pyo")
_OF_THE_INSTALLER = {
    "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json",
}  # fmt: skip
_ANY_PYTHON = b"#!/usr/bin/env python3\n"


def source_pieces(
    folder: Path, exclude: Iterable[str], submodules: Iterable[str]
) -> tuple[Piece, ...]:
    """The files of a commit, checked out to ``folder`` and not touched since.

    ``submodules`` are paths that must not be empty. Raises ``ReleaseFailed`` where one is, or
    where a link leads out of the project.
    """
    left_out = tuple(exclude)
    for path in submodules:
        empty = not any((folder / path).iterdir()) if (folder / path).is_dir() else True
        if empty and not _excluded(path, left_out):
            raise ReleaseFailed(
                f"the submodule {path} is not checked out here, so its files are missing",
                hint="git submodule update --init, or leave it out with release: exclude",
            )
    names = (name for name in _walk(folder) if not _excluded(name, left_out))
    return tuple(_piece(folder / name, f"{SOURCE}/{name}") for name in names)


def made_pieces(folder: Path, names: Iterable[str], exclude: Iterable[str]) -> tuple[Piece, ...]:
    """Files that the build made in the project's ``folder``; a link becomes what it leads to."""
    left_out = tuple(exclude)
    return tuple(
        _regular(folder / name, f"{SOURCE}/{name}")
        for name in names
        if not _excluded(name, left_out)
    )


def site_pieces(
    layer: Path, site: Path, script_body: Callable[[Path], str | None]
) -> tuple[Piece, ...]:
    """What was installed into a layer with packages folder ``site``, as for ``--target``.

    Modules lie at the top, programs in ``bin`` with a first line for any Python, other files
    where they were below the layer. ``script_body`` gives a program without its first line.
    """
    found: dict[str, Piece] = {}
    for record in sorted(site.glob("*.dist-info/RECORD")):
        for name in _recorded(record):
            path = site / name
            below = os.path.relpath(path, site if not name.startswith("..") else layer)
            if _unwanted(below) or below.startswith("..") or not path.is_file():
                continue
            inside = f"{SITE}/{below}"
            body = script_body(path) if below.startswith("bin/") else None
            if body is None:
                found[inside] = _regular(path, inside)
            else:
                data = _ANY_PYTHON + body.encode("utf-8", "surrogateescape")
                found[inside] = Piece(path=inside, data=data, executable=True)
    return tuple(found.values())


def _recorded(record: Path) -> Iterator[str]:
    """The paths in a ``RECORD`` (PEP 376), relative to the packages folder."""
    with record.open(encoding="utf-8", newline="") as file:
        yield from (row[0] for row in csv.reader(file) if row)


def _unwanted(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name.endswith(_BYTECODE) or (folder.endswith(".dist-info") and name in _OF_THE_INSTALLER)


def _walk(folder: Path) -> Iterator[str]:
    """All that is no folder, and links to folders, relative; without git's own."""
    for at, folders, files in os.walk(folder):
        below = os.path.relpath(at, folder)
        front = "" if below == "." else f"{below}/"
        folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if os.path.islink(os.path.join(at, name))]
        yield from (front + name for name in (*files, *links) if name != ".git")


def _excluded(path: str, globs: tuple[str, ...]) -> bool:
    if path.endswith(_BYTECODE):
        return True
    wanted = [g for glob in globs for g in (glob.rstrip("/"), f"{glob.rstrip('/')}/**")]
    return bool(wanted) and selects(wanted, path)


def _piece(file: Path, path: str) -> Piece:
    if not file.is_symlink():
        return _regular(file, path)
    link, name = os.readlink(file), path.removeprefix(f"{SOURCE}/")
    if not stays(name, link):
        raise ReleaseFailed(
            f"{name} is a link to {link}, which is not in the project",
            hint="leave it out with release: exclude",
        )
    return Piece(path=path, link=link)


def _regular(file: Path, path: str) -> Piece:
    executable = bool(file.stat().st_mode & stat.S_IXUSR)
    return Piece(path=path, file=file, executable=executable, packed=path.endswith(_PACKED))
