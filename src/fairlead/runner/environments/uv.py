"""uv, for all Pythons it knows (3.6 and newer): resolving, exporting locks, installing."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.command import demand, execute, warnings
from fairlead.runner.environments.pylock import pins_of, without_folders
from fairlead.runner.environments.recorded import with_files
from fairlead.runner.environments.request import EnvironmentRequest
from fairlead.runner.environments.requirements import LocalProject, merge_projects
from fairlead.runner.environments.resolution import Resolution, package_name, split_lines
from fairlead.runner.environments.skeleton import make_skeleton
from fairlead.runner.environments.snapshot import removing_new_files
from fairlead.runner.environments.store import Aside, Store

FIRST = (3, 6)
"""The oldest Python that uv installs for."""


class Uv(msgspec.Struct, frozen=True, kw_only=True):
    """The program and what it is run with: ``env`` names the cache of one level of trust.

    ``flags`` lead to packages, as some of ``env`` do.
    """

    program: Callable[[], Path]
    env: Mapping[str, str]
    flags: tuple[str, ...]
    store: Store

    def resolve(
        self, request: EnvironmentRequest, recorded: tuple[str, ...] | None = None
    ) -> Resolution:
        """Pin everything a request asks for, or take what was ``recorded`` for it.

        Raises ``EnvironmentFailed`` with uv's reason.
        """
        locked = self._read_lock(request)
        if recorded is None:
            rest, projects, notices = self._compile(request, locked)
        else:
            rest, projects, notices = with_files(request, recorded), (), ()
        own = {package_name(project.name) for project in request.projects if project.name}
        pinned = tuple(line for line in locked.pinned if package_name(line) not in own)
        names = {package_name(line) for line in (*locked.pinned, *locked.lines)}
        names |= {package_name(line) for line in pins_of(locked.pylock)}
        lines = (line for line in rest if not package_name(line) or package_name(line) not in names)
        return Resolution(
            lines=(*locked.lines, *lines),
            pinned=pinned,
            pylock=locked.pylock,
            projects=_with_names(request, merge_projects(locked.projects, projects)),
            notices=notices,
        )

    def install(self, request: EnvironmentRequest, resolution: Resolution, aside: Aside) -> None:
        """Install a resolution into a new environment at ``aside.content``."""
        make_skeleton(aside.content, request.interpreter)
        options = [o for o in request.options if not o.startswith(("-r ", "-c "))]
        for name, lines, flags in (
            ("pinned.txt", resolution.pinned, ("--require-hashes",)),
            ("lines.txt", resolution.lines, ()),
        ):
            if lines:
                file = aside.folder / name
                file.write_text("\n".join([*options, *lines, ""]))
                self._install_file(request, aside, file, flags)
        if resolution.pylock:
            file = aside.folder / "pylock.toml"
            file.write_text(resolution.pylock)
            chosen = [part for extra in request.extras for part in ("--extra", extra)]
            chosen += [part for group in request.groups for part in ("--group", group)]
            self._install_file(request, aside, file, tuple(chosen))

    def _install_file(
        self, request: EnvironmentRequest, aside: Aside, file: Path, flags: tuple[str, ...]
    ) -> None:
        python = aside.content / "bin" / "python"
        where = ("--python", python, "--no-deps", "--link-mode", "copy")
        argv: list[str | Path] = [self.program(), "pip", "install", *where, *flags]
        argv += [*self.flags, *_hosts(request), "-r", file]
        done = execute(argv, cwd=_root(request, aside), env=self.env, keep=aside.lock)
        demand(done, f"cannot install for Python {request.interpreter.version}")

    def _compile(
        self, request: EnvironmentRequest, locked: Resolution
    ) -> tuple[tuple[str, ...], tuple[LocalProject, ...], tuple[str, ...]]:
        """Resolve what no lock file decides; what one does decide holds for the rest."""
        whole = bool(request.lock)
        lines = [*request.lines, *([] if whole else (p.line for p in request.projects))]
        groups = () if whole else request.groups
        if not lines and not groups and not request.source:
            return (), (), ()
        with self.store.aside() as aside, removing_new_files(request.root, request.projects):
            wanted, given = aside.folder / "wanted.txt", aside.folder / "given.txt"
            wanted.write_text("\n".join([*request.options, *lines, ""]))
            constraints = [*request.constraints, *_constraints(locked)]
            given.write_text("\n".join([*constraints, ""]))
            source = [request.root / request.source] if request.source else []
            extras = [f"--extra={extra}" for extra in request.extras if source]
            chosen = [f"--group=pyproject.toml:{group}" for group in groups]
            early = ["--prerelease=allow"] if request.prerelease else []
            python = ("--python", str(request.interpreter.real))
            argv: list[str | Path] = [self.program(), "pip", "compile", "--no-header"]
            argv += [
                "--no-annotate",
                *self.flags,
                *python,
                *early,
                *_hosts(request),
                *extras,
                *chosen,
            ]
            argv += [wanted, *source]
            if constraints:
                argv += ["-c", given]
            done = execute(argv, cwd=_root(request, aside), env=self.env, keep=aside.lock)
            version = request.interpreter.version
            demand(done, f"the requirements cannot be resolved for Python {version}")
        kept, projects = split_lines(done.text.splitlines(), request.root)
        return kept, projects, warnings(done.stderr)

    def _read_lock(self, request: EnvironmentRequest) -> Resolution:
        if request.lock.endswith("uv.lock"):
            return self._export(request)
        if request.lock:
            text, projects = without_folders(request.root / request.lock, request.lock)
            return Resolution(pylock=text, projects=projects)
        return Resolution(pinned=request.pinned)

    def _export(self, request: EnvironmentRequest) -> Resolution:
        folder = request.lock.rpartition("/")[0]
        chosen = [f"--extra={extra}" for extra in request.extras]
        chosen += [f"--group={group}" for group in request.groups]
        python = ("--python", str(request.interpreter.real))
        form = ("--frozen", "--no-header", "--no-annotate", "--no-default-groups")
        argv: list[str | Path] = [self.program(), "export", *form, *python, *chosen]
        done = execute(argv, cwd=request.root / folder, env=self.env)
        demand(done, f"{request.lock} cannot be used")
        lines = re.sub(r"\\\n\s*", "", done.text).splitlines()
        kept, projects = split_lines(lines, request.root, folder)
        return Resolution(
            pinned=tuple(line for line in kept if "--hash" in line),
            lines=tuple(line for line in kept if "--hash" not in line and line.strip()),
            projects=projects,
        )


def _root(request: EnvironmentRequest, aside: Aside) -> Path:
    """The folder to run in: uv reads ``tool.uv`` from there and takes it as PROJECT_ROOT."""
    return request.root if request.root != Path("/") else aside.folder


def _hosts(request: EnvironmentRequest) -> tuple[str, ...]:
    return tuple(f"--allow-insecure-host={host}" for host in request.hosts)


def _constraints(locked: Resolution) -> list[str]:
    pins = [line.partition(" --hash")[0].strip() for line in locked.pinned]
    pins += [line for line in locked.lines if "@" not in line]
    return [*pins, *pins_of(locked.pylock)]


def _with_names(
    request: EnvironmentRequest, found: tuple[LocalProject, ...]
) -> tuple[LocalProject, ...]:
    """The folders asked for, then those that only the resolution led to.

    The root is installed only where it is asked for, whatever a lock file lists.
    """
    asked = {project.path for project in request.projects}
    further = (p for p in found if p.path not in asked and p.path != ".")
    return (*request.projects, *further)


def refuse_lock(request: EnvironmentRequest) -> None:
    """Raise for a Python that the kind of lock cannot be used with."""
    if request.lock:
        raise EnvironmentFailed(
            f"{request.lock} cannot be used for Python {request.interpreter.version}",
            hint="name requirements files for that version instead",
        )
