"""What a server must be able to do to be measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Pages:
    """Addresses (paths) of a build; ``*_first`` are what a page's content comes from.

    The scripts are expressions of the browser that are true once the content is shown.
    """

    list_page: str
    list_first: str
    list_shown: str
    build_page: str
    build_first: str
    build_shown: str
    log_page: str
    log_shown: str


class Peer(Protocol):
    """A server with one worker on this machine that runs two builds at once.

    ``job`` is a name of ``bench.server.jobs``; a handle is whatever the peer knows a build by.
    """

    name: str
    port: int

    def start(self) -> None:
        """Install nothing, begin on empty folders, and return when builds can be triggered."""

    def stop(self) -> None:
        """End all processes, by their numbers."""

    def processes(self) -> set[int]:
        """All of it that lives, with the database and what builds run."""

    def trigger(self, job: str) -> Any:
        """Ask for a build over HTTP; its handle."""

    def push(self, folder: Path) -> Any:
        """``git push`` the branch main of a clone; the handle of the build that comes of it."""

    def wait(self, handle: Any) -> None:
        """Return when a pushed event told of the verdict and a GET says it passed."""

    def wait_all(self, handles: Sequence[Any]) -> None:
        """Return when all have passed."""

    def log_path(self, handle: Any) -> str:
        """Where the raw log of the last step is."""

    def pages(self, handle: Any) -> Pages:
        """Where a browser looks."""

    def repository(self) -> str:
        """Where the sample is pushed to."""
