"""From a request to an environment that may be used: found in milliseconds, or built once."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.contents import read_contents
from fairlead.runner.environments.environment import Environment, Part
from fairlead.runner.environments.indexes import Indexes, masked
from fairlead.runner.environments.making import FIRST_FOR_UV, Maker, Progress, folder_name
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.environments.resolution import (
    today,
)
from fairlead.runner.environments.store import Store
from fairlead.runner.environments.tools import bundled, recent
from fairlead.runner.pythons import Interpreter
from fairlead.util.fs import unusable

if TYPE_CHECKING:
    from fairlead.runner.environments.layers import Layer
    from fairlead.runner.environments.project import Execute, Workspace
    from fairlead.runner.environments.pruning import Stored


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
        self.projects = Store(home / "projects")
        self._day = day
        self._maker = Maker(home, environ, uv)
        self._without_tools: dict[Path, str] = {}

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
        self._maker.release()

    @property
    def store(self) -> Store:
        """Where the environments are."""
        return self._maker.store

    @property
    def indexes(self) -> Indexes:
        """Where packages come from on this machine."""
        return self._maker.indexes

    @property
    def uv(self) -> Path:
        """The uv program. Raises ``EnvironmentFailed`` where there is none."""
        return self._maker.uv

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
        legacy = request.interpreter.numbers < FIRST_FOR_UV
        maker = self._maker
        resolved: list[str] = []
        told = _both(progress, resolved.append)
        resolution = maker.resolution(request, self._day(), told, files, recorded)
        key, reused = maker.built(request, resolution, "environment", progress, files)
        part = maker.part(key)
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
            bare=maker.pip(request.trust, progress).bare(request.interpreter) if legacy else None,
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
                self._maker.resolutions.prune(before)
                prune_bytecode(self.home, before)
        return removed

    def _build_cache(self, trust: str) -> Path:
        """Caches that code inside sandboxes writes to; nothing outside is installed from them."""
        return self.home / "builds" / folder_name(trust)

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

    def _tools(
        self, request: EnvironmentRequest, progress: Progress, *, pip: bool
    ) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """Pip and its company; where it cannot be had, jobs are not held up."""
        interpreter, trust = request.interpreter, request.trust
        if interpreter.numbers < FIRST_FOR_UV:
            path = self._maker.pip(trust, progress).tools(interpreter)
            return (Part(path, read_contents(path)),), ()
        if not pip and bundled(interpreter):
            return (), ()
        wanted = recent(interpreter, trust)
        without = self._without_tools.get(interpreter.real)
        if without is None:
            try:
                resolution = self._maker.resolution(wanted, self._day()[:7], progress)
                key, _ = self._maker.built(wanted, resolution, "tools", progress)
                return (self._maker.part(key),), ()
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
            resolution = self._maker.resolution(wanted, self._day()[:7], progress)
            key, _ = self._maker.built(wanted, resolution, "tools", progress)
        except EnvironmentFailed as error:
            return (), (f"{', '.join(lines)} cannot be had: {error.message}",)
        return (self._maker.part(key),), ()


def _both(*sinks: Progress) -> Progress:
    def tell(text: str) -> None:
        for sink in sinks:
            sink(text)

    return tell
