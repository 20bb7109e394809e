"""A stored environment, as jobs come to know it."""

from pathlib import Path

import msgspec

from fairlead.runner.environments.contents import Contents
from fairlead.runner.environments.requirements import LocalProject
from fairlead.runner.pythons import Interpreter


class Part(msgspec.Struct, frozen=True):
    """A stored folder and what lies in it."""

    path: Path
    contents: Contents

    @property
    def site(self) -> Path:
        """Its packages folder."""
        return self.path / self.contents.site


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A stored environment, to be used read-only through a layer.

    ``parts`` are the folders whose packages a layer shows, first one first; ``bare`` is the
    empty environment that a layer copies where Python is too old for ``pyvenv.cfg``.
    ``resolution`` has one pinned package a line. ``projects`` are the folders of the project to
    install into each layer. ``seconds`` is what preparing took, ``reused`` whether nothing had
    to be built for it; ``notices`` must be said beside the result.
    """

    key: str
    path: Path
    interpreter: Interpreter
    site_packages: Path
    parts: tuple[Part, ...]
    resolution: str
    projects: tuple[LocalProject, ...] = ()
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    reused: bool = True
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    bare: Path | None = None
    wheels: tuple[Path, ...] = ()
    """Packages to import behind all others as they are, where no part holds pip."""
    trust: str = "trusted"
