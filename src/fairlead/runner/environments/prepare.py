"""From a request to an environment that may be used: found in milliseconds, or built once."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.command import find_uv, surroundings
from fairlead.runner.environments.contents import read_contents
from fairlead.runner.environments.environment import Environment, Part
from fairlead.runner.environments.indexes import Indexes, masked, read_indexes
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.environments.resolution import (
    FIXED,
    Resolution,
    Resolutions,
    environment_key,
    today,
)
from fairlead.runner.environments.store import Aside, Store
from fairlead.runner.environments.tools import bundled, recent
from fairlead.runner.pythons import Interpreter
from fairlead.util.digest import sha256
from fairlead.util.fs import unusable

if TYPE_CHECKING:
    from fairlead.runner.environments.layers import Layer
    from fairlead.runner.environments.pip import Pip
    from fairlead.runner.environments.project import Execute, Workspace
    from fairlead.runner.environments.pruning import Stored
    from fairlead.runner.environments.uv import Uv

_FIRST_FOR_UV = (3, 6)
Progress = Callable[[str], None]


class Environments:
    """The environments stored below ``home``, shared by all processes of this machine.

    What ``prepare`` returned is kept from removal until ``close`` or the end of the process.
    ``environ`` is the person's; ``uv`` the program where it is not to be looked for.
    """

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        *,
        uv: Path | None = None,
        day: Callable[[], str] = today,
    ) -> None:
        self.home = home
        self.store = Store(home / "envs")
        self.projects = Store(home / "projects")
        self._environ = environ
        self._uv = uv
        self._day = day
        self._resolutions = Resolutions(home / "resolutions")
        self._held: dict[str, int] = {}
        self._without_tools: dict[Path, str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def close(self) -> None:
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

    def prepare(
        self,
        request: EnvironmentRequest,
        progress: Progress | None = None,
        *,
        beside: tuple[str, ...] = (),
        files: Callable[[], None] = lambda: None,
        pip: bool = True,
        recorded: str | None = None,
    ) -> Environment:
        """The environment for ``request``, built where it is not there yet.

        ``progress`` is told what takes long. ``beside`` are requirements of our own, found by a
        job's Python only where the project has no such package itself. ``files`` is called
        before anything is read from the request's ``root``. ``pip`` is whether a step will call
        pip; without that it is there, but slow to start. ``recorded`` is the ``resolution`` of
        an earlier environment, to be made again instead of resolving anew.
        Raises ``EnvironmentFailed`` with the installer's words, ``StoreError`` of a full disk.
        """
        began = time.monotonic()
        progress = progress or (lambda _: None)
        legacy = request.interpreter.numbers < _FIRST_FOR_UV
        resolved: list[str] = []
        told = _both(progress, resolved.append)
        resolution = self._resolution(request, self._day(), told, files, recorded)
        key, reused = self._built(request, resolution, "environment", progress, files)
        part = self._part(key)
        tools, notices = self._tools(request, progress, pip=pip)
        own, more = self._beside(request, beside, progress)
        tools, notices = tools + own, notices + more
        return Environment(
            key=key,
            path=part.path,
            interpreter=request.interpreter,
            site_packages=part.site,
            parts=(part, *tools),
            resolution=masked("\n".join(part.contents.installed)),
            projects=resolution.projects,
            readable=self._readable(request.interpreter, (part, *tools)),
            writable=self._writable(request.trust) if resolution.projects else (),
            reused=reused and not (legacy and resolved),  # there, resolving is building
            seconds=time.monotonic() - began,
            notices=(*resolution.notices, *notices),
            wheels=() if pip else bundled(request.interpreter),
            bare=self._pip(request.trust, progress).bare(request.interpreter) if legacy else None,
            trust=request.trust,
        )

    def install_projects(
        self,
        layer: "Layer",
        workspace: "Workspace",
        execute: "Execute",
        progress: Progress | None = None,
    ) -> bool:
        """Install the project's folders into a job's layer; whether earlier builds were used.

        ``execute`` runs the project's own build where its code may run, which must show the
        layer's ``readable`` and ``writable`` paths. Raises ``EnvironmentFailed``.
        """
        from fairlead.runner.environments.project import install_project

        trusted = layer.environment.trust != "untrusted"
        indexes = self.indexes
        variables = indexes.for_uv(private=trusted) | indexes.for_pip(private=trusted)
        for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR"):
            variables[name] = str(self._build_cache(layer.environment.trust) / name[:3].lower())
        variables |= {"UV_NO_PROGRESS": "1", "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}
        reused = True
        for project in layer.environment.projects:
            if progress is not None:
                progress(f"installing {'the project' if project.path == '.' else project.path}")
            reused &= install_project(
                layer,
                project,
                workspace,
                store=self.projects,
                uv=(str(self.uv), "pip", "install", *indexes.uv_flags),
                variables=variables,
                execute=execute,
            )
        return reused

    def list(self) -> "tuple[Stored, ...]":
        """All stored environments, least recently used first."""
        from fairlead.runner.environments.pruning import list_stored

        return list_stored(self.store)

    def prune(
        self, max_age: float | None, max_bytes: int | None = None, *, dry_run: bool = False
    ) -> "tuple[Stored, ...]":
        """Remove environments unused for ``max_age`` seconds or beyond ``max_bytes``.

        Returns those that were (in a dry run: would be) removed; none that is in use. With them
        go what killed processes left, and installed projects and resolutions of that age.
        """
        from fairlead.runner.environments.bytecode import prune as prune_bytecode
        from fairlead.runner.environments.pruning import prune_stored

        removed = prune_stored(self.store, max_age=max_age, max_bytes=max_bytes, dry_run=dry_run)
        if not dry_run:
            for store in (self.store, self.projects):
                store.sweep()
            if max_age is not None:
                before = time.time() - max_age
                for one in self.projects.entries():
                    if one.used <= before:
                        self.projects.remove(one.key, unused_since=before)
                self._resolutions.prune(before)
                prune_bytecode(self.home, before)
        return removed

    def _build_cache(self, trust: str) -> Path:
        """Caches that code inside sandboxes writes to; nothing outside is installed from them."""
        return self.home / "builds" / _folder_name(trust)

    def _readable(self, interpreter: Interpreter, parts: tuple[Part, ...]) -> tuple[Path, ...]:
        """What a job in a sandbox must see of this machine for its Python to work."""
        found = [part.path for part in parts]
        found += [interpreter.base_prefix, *self.indexes.folders, self.uv]
        if not interpreter.real.is_relative_to(interpreter.base_prefix):
            found.append(interpreter.real.parent)
        return tuple(dict.fromkeys(found))

    def _writable(self, trust: str) -> tuple[Path, ...]:
        cache = self._build_cache(trust)
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(cache, error) from error
        return (cache,)

    def _part(self, key: str) -> Part:
        path = self.store.path(key)
        return Part(path, read_contents(path))

    def _tools(
        self, request: EnvironmentRequest, progress: Progress, *, pip: bool
    ) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """Pip and its company; where it cannot be had, jobs are not held up."""
        interpreter, trust = request.interpreter, request.trust
        if interpreter.numbers < _FIRST_FOR_UV:
            path = self._pip(trust, progress).tools(interpreter)
            return (Part(path, read_contents(path)),), ()
        if not pip and bundled(interpreter):
            return (), ()
        wanted = recent(interpreter, trust)
        without = self._without_tools.get(interpreter.real)
        if without is None:
            try:
                resolution = self._resolution(wanted, self._day()[:7], progress)
                key, _ = self._built(wanted, resolution, "tools", progress)
                return (self._part(key),), ()
            except EnvironmentFailed as error:
                without = f"steps cannot use pip: {error.message}"
                self._without_tools[interpreter.real] = without
        return (), (without,)

    def _beside(
        self, request: EnvironmentRequest, lines: tuple[str, ...], progress: Progress
    ) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """An environment of our own requirements; its absence must not hold a job up."""
        if not lines:
            return (), ()
        wanted = EnvironmentRequest(
            interpreter=request.interpreter, trust=request.trust, lines=lines
        )
        try:
            resolution = self._resolution(wanted, self._day()[:7], progress)
            key, _ = self._built(wanted, resolution, "tools", progress)
        except EnvironmentFailed as error:
            return (), (f"{', '.join(lines)} cannot be had: {error.message}",)
        return (self._part(key),), ()

    def _resolution(
        self,
        request: EnvironmentRequest,
        period: str,
        progress: Progress,
        files: Callable[[], None] = lambda: None,
        recorded: str | None = None,
    ) -> Resolution:
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

        return self._resolutions.get(request, self.indexes.identity, period, resolve)

    def _built(
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
                bytecode=Bytecode(self.home, request.interpreter, request.trust),
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
        if request.interpreter.numbers < _FIRST_FOR_UV:
            return self._pip(request.trust, progress)
        from fairlead.runner.environments.uv import Uv

        env = self._surroundings(request.trust)
        flags = self.indexes.uv_flags
        return Uv(program=lambda: self.uv, env=env, flags=flags, store=self.store)

    def _pip(self, trust: str, progress: Progress) -> "Pip":
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

        newest = choose(find(self.home, self._environ), "3")
        wanted = EnvironmentRequest(interpreter=newest, lines=(VIRTUALENV,))
        resolution = self._resolution(wanted, FIXED, progress)
        key, _ = self._built(wanted, resolution, "helper", progress)
        return self.store.path(key)

    def _surroundings(self, trust: str) -> dict[str, str]:
        """What installers are run with: a cache of their own for each level of trust."""
        env = surroundings(self._environ, self.indexes, trusted=trust != "untrusted")
        return env | {
            "UV_CACHE_DIR": str(self.home / "uv" / _folder_name(trust)),
            "PIP_CACHE_DIR": str(self.home / "pip" / _folder_name(trust)),
        }


def _folder_name(trust: str) -> str:
    safe = trust.isascii() and trust.replace("-", "").replace("_", "").isalnum()
    return trust if safe else sha256(trust.encode()).hexdigest()[:16]


def _both(*sinks: Progress) -> Progress:
    def tell(text: str) -> None:
        for sink in sinks:
            sink(text)

    return tell
