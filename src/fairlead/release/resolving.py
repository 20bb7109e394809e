"""From a project's files to the packages of its release: a lock file read, or one made once.

Without a lock file uv resolves, and what came of it is kept below ``home/releases/resolved`` for
the same files, so that this machine makes the same release of a commit again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from fairlead.errors import EnvironmentFailed, StoreError
from fairlead.model import Install
from fairlead.model.environment import Packaging
from fairlead.pipeline.install import project_kind
from fairlead.pipeline.metadata import read_toml
from fairlead.pipeline.tree import Tree
from fairlead.release.locks import (
    Locked,
    digest_of,
    find_lock,
    find_requirements,
    join_lines,
    marker_environment,
    read_pylock,
    split_direct,
)
from fairlead.runner.environments import EnvironmentRequest, Environments, read_request
from fairlead.runner.environments.command import (
    Unreachable,
    demand,
    execute,
    surroundings,
)
from fairlead.runner.environments.resolution import package_name, split_lines
from fairlead.runner.environments.uv import Uv
from fairlead.runner.pythons import Interpreter
from fairlead.util.digest import sha256
from fairlead.util.fs import write_atomic

Tell = Callable[[str], None]
RESOLVED = "resolved"
"""What stands for the name of a lock file where there is none."""
_FOREIGN = ("poetry.lock", "pdm.lock", "Pipfile.lock")
_VERSION = r"[\w.-]+==[\w.!+-]+"


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """What resolving is done with: ``environ`` is the person's, ``root`` the checked-out files.

    ``tree_id`` stands for them. ``tested`` are the pinned requirements the commit was tested
    with, which hold where they can.
    """

    environments: Environments
    environ: Mapping[str, str]
    interpreter: Interpreter
    root: Path
    tree: Tree
    tree_id: str
    tested: Sequence[str] = ()
    emit: Tell

    def locked(self, packaging: Packaging) -> Locked:
        """The packages of a release. Raises ``EnvironmentFailed`` and ``ReleaseFailed``."""
        project = project_kind(self.tree, read_toml(self.tree, "pyproject.toml"))
        mode = "none" if project == "none" else "wheel"
        name = packaging.lock or find_lock(self.tree)
        if name:
            install = Install(lock=name, extras=packaging.extras, project=mode)
            return self._from_lock(self._request(install), name)
        found = find_requirements(self.tree)
        if not found and mode == "none" and not self._has_dependencies():
            return Locked()
        files = (found,) if found else () if mode == "wheel" else ("pyproject.toml",)
        install = Install(requirements=files, extras=packaging.extras, project=mode)
        return self._resolved(self._request(install))

    def _has_dependencies(self) -> bool:
        project = read_toml(self.tree, "pyproject.toml").get("project", {})
        return bool(isinstance(project, dict) and project.get("dependencies"))

    def _request(self, install: Install) -> EnvironmentRequest:
        return read_request(install, self.root, interpreter=self.interpreter, tree=self.tree)

    def _from_lock(self, request: EnvironmentRequest, name: str) -> Locked:
        resolution = self._uv.resolve(request, ())
        pinned, direct = resolution.pinned, split_direct((*resolution.lines, *request.lines), name)
        if resolution.pylock:
            around = marker_environment(self.interpreter)
            pinned, direct = read_pylock(resolution.pylock, name, request.extras, around)
        return Locked(
            pinned=pinned,
            direct=tuple(dict.fromkeys(direct)),
            options=request.options,
            projects=resolution.projects,
            files=((name, digest_of(self.tree, name)),),
        )

    def _resolved(self, request: EnvironmentRequest) -> Locked:
        facts = msgspec.json.encode(
            [self.tree_id, request.identity().decode(), sorted(self.tested)]
        )
        key = sha256(facts).hexdigest()[:32]
        kept = self.environments.home / "releases" / "resolved" / f"{key}.txt"
        try:
            text = kept.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            text = self._chosen(request)
            with suppress(StoreError):
                write_atomic(kept, text.encode())
        lines, projects = split_lines(join_lines(text), self.root)
        pinned = tuple(line for line in lines if "--hash" in line)
        direct = split_direct([line for line in lines if "--hash" not in line], RESOLVED)
        return Locked(
            pinned=pinned,
            direct=direct,
            options=request.options,
            projects=(*request.projects, *(p for p in projects if p.path != ".")),
            files=((RESOLVED, sha256(text.encode()).hexdigest()),),
        )

    def _chosen(self, request: EnvironmentRequest) -> str:
        """What uv chooses: as it was tested, else anew where that does not go together here."""
        foreign = next((name for name in _FOREIGN if self.tree.read(name) is not None), "")
        lock = f"{foreign} is not a lock file uv reads" if foreign else "no lock file"
        self.emit(f"{lock}: uv chooses the versions; commit one to have the same everywhere")
        tested = self._versions(request)
        try:
            return self._compile(request, tested)
        except Unreachable:
            raise
        except EnvironmentFailed:
            if not tested:
                raise
            self.emit("what the commit was tested with does not go together here: chosen anew")
            return self._compile(request, [])

    def _compile(self, request: EnvironmentRequest, tested: list[str]) -> str:
        """Resolve with hashes; the project's own folders stand in the result as paths."""
        with self.environments.store.aside() as aside:
            wanted, given = aside.folder / "wanted.txt", aside.folder / "given.txt"
            lines = [*request.options, *request.lines, *(p.line for p in request.projects)]
            wanted.write_text("\n".join([*lines, *request.pinned, ""]))
            given.write_text("\n".join([*request.constraints, *tested, ""]))
            argv: list[str | Path] = [self.environments.uv, "pip", "compile", "--generate-hashes"]
            argv += ["--no-header", "--no-annotate", "--python", self.interpreter.real]
            argv += [*self._uv.flags, wanted, "-c", given]
            argv += [self.root / request.source] if request.source else []
            argv += [f"--extra={extra}" for extra in request.extras if request.source]
            done = execute(argv, cwd=self.root, env=self._uv.env, keep=aside.lock)
        version = self.interpreter.version
        demand(done, f"the requirements cannot be resolved for Python {version}")
        return "".join(f"{line}\n" for line in join_lines(done.text)).replace(
            f"file://{self.root}", "."
        )

    def _versions(self, request: EnvironmentRequest) -> list[str]:
        """What was tested, as constraints on everything but the project itself."""
        own = {package_name(project.name) for project in request.projects}
        fixed = (line for line in self.tested if re.fullmatch(_VERSION, line))
        return [line for line in fixed if package_name(line) not in own]

    @property
    def _uv(self) -> Uv:
        environments = self.environments
        env = surroundings(self.environ, environments.indexes, trusted=True)
        return Uv(
            program=lambda: environments.uv,
            env={**env, "UV_CACHE_DIR": str(environments.home / "uv" / "trusted")},
            flags=environments.indexes.uv_flags,
            store=environments.store,
        )
