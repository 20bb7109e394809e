"""What repositories need now and then: old hidden refs removed, loose objects packed."""

import asyncio
import logging
import time
from pathlib import Path

from fairlead.errors import FairleadError
from fairlead.server.hosting import hidden
from fairlead.server.hosting.commands import git
from fairlead.util.fs import remove_tree

log = logging.getLogger(__name__)

_PAUSE = 600.0
"""Seconds between two looks at one repository."""

_LATER = 30.0
"""Seconds after a push in which its build needs the machine more."""

_SECONDS = 1800.0
_ABANDONED = 2 * 86400.0
"""Seconds after which objects of a push that never ended are removed."""

_LOOSE, _PACKS = 7, 45
"""Below so many objects in one of their 256 folders, and so many packs, git would do nothing.

Its own limits are 8 (``gc.auto`` is 2000) and 50; asking it takes a process.
"""

_looked: dict[Path, float] = {}
_tasks: set["asyncio.Task[None]"] = set()


def begin(repository: Path) -> None:
    """Tidy a repository beside everything else, unless that was done a short while ago."""
    now = time.monotonic()
    if now - _looked.get(repository, -_PAUSE) < _PAUSE:
        return
    _looked[repository] = now
    task = asyncio.create_task(_tidy(repository))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def tidy(repository: Path) -> None:
    """Remove what is old and in nobody's sight, and pack where git thinks that it is worth it.

    Safe beside readers and pushes: what no ref leads to stays for two weeks.
    """
    if hidden.any_left(repository):
        hidden.expire(repository)
    old = time.time() - _ABANDONED
    for path in (repository / "objects").glob("tmp_objdir-*"):
        if path.stat().st_mtime < old:
            remove_tree(path)
    if _untidy(repository / "objects"):
        git("gc", "--auto", "--quiet", repository=repository, seconds=_SECONDS)


def _untidy(objects: Path) -> bool:
    """Whether git may think that packing is worth it; all folders of objects are alike to it."""
    loose = sum(1 for _ in objects.glob("17/*"))
    return loose >= _LOOSE or sum(1 for _ in objects.glob("pack/*.pack")) >= _PACKS


async def _tidy(repository: Path) -> None:
    await asyncio.sleep(_LATER)
    try:
        await asyncio.to_thread(tidy, repository)
    except FairleadError as error:
        log.warning("%s", error)
