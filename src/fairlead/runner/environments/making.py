"""Making an environment: resolving what it shall hold, and having it installed, once."""

import os
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead.runner.environments.command import find_uv, surroundings
from fairlead.runner.environments.contents import read_contents
from fairlead.runner.environments.environment import Part
from fairlead.runner.environments.indexes import Indexes, read_indexes
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.environments.resolution import (
    FIXED,
    Resolution,
    Resolutions,
    environment_key,
)
from fairlead.runner.environments.store import Aside, Store
from fairlead.util.digest import sha256

if TYPE_CHECKING:
    from fairlead.runner.environments.pip import Pip
    from fairlead.runner.environments.uv import Uv

FIRST_FOR_UV = (3, 6)
Progress = Callable[[str], None]


class Maker:
    """Resolves and builds into the store below ``home``.

    What it made or found is kept from removal until ``release``. ``environ`` is the person's;
    ``uv`` the program where it is not to be looked for.
    """

    def __init__(self, home: Path, environ: Mapping[str, str], uv: Path | None) -> None:
        self.store = Store(home / "envs")
        self.resolutions = Resolutions(home / "resolutions")
        self._home = home
        self._environ = environ
        self._uv = uv
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    def release(self) -> None:
        """Let go of all environments: they may be removed from now on."""
        with self._lock:
            handles, self._held = tuple(self._held.values()), {}
        for handle in handles:
            os.close(handle)

    @cached_property
    def indexes(self) -> Indexes:
        """Where packages come from on this machine."""
        return read_indexes(self._environ)

    @cached_property
    def uv(self) -> Path:
        """The uv program. Raises ``EnvironmentFailed`` where there is none."""
        return self._uv or find_uv(self._environ)

    def part(self, key: str) -> Part:
        """What a job's Python finds of a built environment."""
        path = self.store.path(key)
        return Part(path, read_contents(path))

    def resolution(
        self,
        request: EnvironmentRequest,
        period: str,
        progress: Progress,
        files: Callable[[], None] = lambda: None,
        recorded: str | None = None,
    ) -> Resolution:
        """What ``request`` comes to, found out once in a ``period``, or made of a ``recorded`` one.

        Raises ``EnvironmentFailed`` with the resolver's words.
        """
        if request.empty:
            return Resolution()
        if recorded is not None:
            from fairlead.runner.environments.recorded import recorded_lines

            if request.lock:
                files()
            return self._installer(request, progress).resolve(request, recorded_lines(recorded))
        if request.lock and not (request.lines or request.source):
            period = FIXED

        def resolve(request: EnvironmentRequest) -> Resolution:
            progress(f"resolving the requirements for Python {request.interpreter.version}")
            files()
            return self._installer(request, progress).resolve(request)

        return self.resolutions.get(request, self.indexes.identity, period, resolve)

    def built(
        self,
        request: EnvironmentRequest,
        resolution: Resolution,
        kind: str,
        progress: Progress,
        files: Callable[[], None] = lambda: None,
    ) -> tuple[str, bool]:
        """The key of the environment of a resolution, and whether it was there."""
        key = environment_key(request, resolution, self.indexes.identity)

        def make(aside: Aside) -> None:
            from fairlead.runner.environments.build import Blueprint, fill
            from fairlead.runner.environments.bytecode import Bytecode

            count = len(resolution.lines) + len(resolution.pinned)
            what = f"{count} package" + ("s" if count != 1 else "")
            version = request.interpreter.version
            progress(f"building the environment for Python {version} ({what})")
            files()
            installer = self._installer(request, progress)
            blueprint = Blueprint(
                kind=kind,
                interpreter=request.interpreter,
                final=self.store.path(key),
                install=lambda aside: installer.install(request, resolution, aside),
                env=self._surroundings(request.trust),
                bytecode=Bytecode(self._home, request.interpreter, request.trust),
            )
            fill(aside, blueprint)

        return key, not self._hold(key, make, progress)

    def _hold(self, key: str, make: Callable[[Aside], None], progress: Progress) -> bool:
        """Make sure that a folder exists and stays; whether it had to be made."""
        if key in self._held:
            return False
        wait = "waiting for another run that builds the same environment"
        handle, made = self.store.ensure(key, make, lambda: progress(wait))
        with self._lock:
            spare = self._held.setdefault(key, handle)
        if spare != handle:
            os.close(handle)
        return made

    def _installer(self, request: EnvironmentRequest, progress: Progress) -> "Uv | Pip":
        if request.interpreter.numbers < FIRST_FOR_UV:
            return self.pip(request.trust, progress)
        from fairlead.runner.environments.uv import Uv

        env = self._surroundings(request.trust)
        flags = self.indexes.uv_flags
        return Uv(program=lambda: self.uv, env=env, flags=flags, store=self.store)

    def pip(self, trust: str, progress: Progress) -> "Pip":
        """What installs for Pythons that uv does not know."""
        from fairlead.runner.environments.pip import Pip

        def hold(key: str, make: Callable[[Aside], None]) -> Path:
            self._hold(key, make, progress)
            return self.store.path(key)

        return Pip(
            store=self.store,
            env=self._surroundings(trust),
            indexes=self.indexes.identity,
            helper=lambda: self._helper(progress),
            hold=hold,
        )

    def _helper(self, progress: Progress) -> Path:
        """The folder of an environment that holds the last virtualenv for old Pythons."""
        from fairlead.runner.environments.pip import VIRTUALENV
        from fairlead.runner.pythons import choose, find

        newest = choose(find(self._home, self._environ), "3")
        wanted = EnvironmentRequest(interpreter=newest, lines=(VIRTUALENV,))
        resolution = self.resolution(wanted, FIXED, progress)
        key, _ = self.built(wanted, resolution, "helper", progress)
        return self.store.path(key)

    def _surroundings(self, trust: str) -> dict[str, str]:
        """What installers are run with: a cache of their own for each level of trust."""
        env = surroundings(self._environ, self.indexes, trusted=trust != "untrusted")
        return env | {
            "UV_CACHE_DIR": str(self._home / "uv" / folder_name(trust)),
            "PIP_CACHE_DIR": str(self._home / "pip" / folder_name(trust)),
        }


def folder_name(trust: str) -> str:
    """The level of trust as the name of a folder, whatever it is called."""
    safe = trust.isascii() and trust.replace("-", "").replace("_", "").isalnum()
    return trust if safe else sha256(trust.encode()).hexdigest()[:16]
