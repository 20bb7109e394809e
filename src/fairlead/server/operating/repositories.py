"""Bare repositories, saved while people push to them.

Git writes objects first and refs after, so refs are read before objects: whatever a ref leads to
is then found. Loose refs are read before packed ones, and loose objects before packs, since git
moves things that way: what has just gone from the first is found in the second. Objects are not
changed once they are there. Packing removes files whose contents were put into others before,
so a pass that missed a file is followed by another.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from fairlead.errors import StoreError
from fairlead.server.operating.bundle import REPOSITORIES, Packer

_PASSES = 10
_UNFINISHED = ("tmp_", ".tmp-", "incoming-")
_FOLDERS = ("refs/heads", "refs/tags", "objects/info", "objects/pack")


def save_repositories(packer: Packer, root: Path) -> int:
    """Add all repositories below ``root``; returns how many there were."""
    found = sorted(path for path in root.glob("[!.]*.git") if (path / "HEAD").is_file())
    for path in found:
        _save(packer, path, f"{REPOSITORIES}/{path.name}")
    return len(found)


def _save(packer: Packer, path: Path, name: str) -> None:
    for folder in _FOLDERS:
        packer.add_folder(f"{name}/{folder}")
    done: set[str] = set()
    refs = ("refs", "packed-refs")
    others = [entry.name for entry in path.iterdir() if entry.name not in (*refs, "objects")]
    for part in (*refs, *sorted(others)):
        _add_below(packer, path, part, name, done)
    for _ in range(_PASSES):
        if _add_objects(packer, path, name, done):
            return
    raise StoreError(
        f"the repository {path.name} is packed anew all the time",
        hint="try again when nobody pushes to it",
    )


def _add_objects(packer: Packer, path: Path, name: str, done: set[str]) -> bool:
    """Whether all files that were there are added; packs come last."""
    parts = sorted(entry.name for entry in (path / "objects").iterdir() if entry.name != "pack")
    added = [_add_below(packer, path, f"objects/{part}", name, done) for part in parts]
    return all((*added, _add_below(packer, path, "objects/pack", name, done)))


def _add_below(packer: Packer, path: Path, part: str, name: str, done: set[str]) -> bool:
    whole = True
    for file in _files(path / part):
        inside = os.fspath(file.relative_to(path))
        if inside in done:
            continue
        try:
            with file.open("rb") as opened:
                executable = os.fstat(opened.fileno()).st_mode & 0o100
                packer.add_file(f"{name}/{inside}", opened, mode=0o700 if executable else 0o600)
        except FileNotFoundError:
            whole = False
        else:
            done.add(inside)
    return whole


def _files(path: Path) -> Iterator[Path]:
    """Files at or below ``path`` but for those that git is still writing, or that lock others.

    What is gone since its folder was read is among them: whoever opens it has to know.
    """
    if path.name.startswith(_UNFINISHED) or path.name.endswith(".lock"):
        return
    try:
        entries = sorted(path.iterdir())
    except (NotADirectoryError, FileNotFoundError):
        entries = []
        yield path
    for entry in entries:
        yield from _files(entry)
