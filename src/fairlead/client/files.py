"""Artifacts on this machine's disk: whole or absent, and never outside of the chosen folder."""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from uuid import uuid4

from fairlead.client.errors import ServerUnintelligible
from fairlead.errors import FairleadError


def place_of(folder: Path, job: str, path: str) -> Path:
    """Where an artifact of ``job`` goes: ``folder/job/path``. Raises for names that lead away."""
    relative = PurePosixPath(job) / path
    parts = (*job.split("/"), *path.split("/"))
    bad = path.startswith("/") or any(p in ("", ".", "..") or "\0" in p for p in parts)
    if bad or len(PurePosixPath(job).parts) != 1:
        raise ServerUnintelligible(
            f"an artifact is called {path!r} of job {job!r}, which leads out of the folder",
            hint="it was not downloaded",
        )
    return folder / relative


def save(folder: Path, place: Path, pieces: Iterable[bytes]) -> int:
    """Write ``pieces`` to ``place`` below ``folder``; returns how many bytes there were.

    Written aside and renamed. Raises ``FairleadError`` where a link on the way leads out.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise FairleadError(
            f"{place.parent} leads out of {folder}", hint="download into another folder"
        )
    aside = place.parent / f".fairlead-{uuid4().hex}"
    try:
        with aside.open("xb") as file:
            size = sum(file.write(piece) for piece in pieces)
        os.replace(aside, place)
    finally:
        aside.unlink(missing_ok=True)
    return size
