"""pip and virtualenv, for Pythons that uv does not know (before 3.6, in practice 2.7).

virtualenv before 20.22 makes environments for them, running on a Python 3 of its own; packages
are installed by the pip that it carries along. What pip chose is recorded by ``pip freeze``.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.build import Blueprint, fill, finish
from fairlead.runner.environments.command import demand, execute
from fairlead.runner.environments.contents import Contents, write_contents
from fairlead.runner.environments.recorded import with_files
from fairlead.runner.environments.request import EnvironmentRequest, interpreter_identity
from fairlead.runner.environments.resolution import (
    Resolution,
    environment_key,
    package_name,
    split_lines,
)
from fairlead.runner.environments.skeleton import make_skeleton
from fairlead.runner.environments.snapshot import removing_new_files
from fairlead.runner.environments.store import Aside, Store
from fairlead.runner.environments.uv import refuse_lock
from fairlead.runner.pythons import Interpreter
from fairlead.util.digest import sha256
from fairlead.util.fs import unusable

VIRTUALENV = "virtualenv<20.22"
_HELPERS = "_fairlead_tools.pth"


class Pip(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to serve an old Python.

    ``helper`` gives the folder of an environment that holds virtualenv; ``hold`` makes sure
    that the folder of a key exists and stays, and returns it.
    """

    store: Store
    env: Mapping[str, str]
    indexes: str
    helper: Callable[[], Path]
    hold: Callable[[str, Callable[[Aside], None]], Path]

    def bare(self, interpreter: Interpreter) -> Path:
        """The folder of an empty environment, to be copied."""
        key = _key("bare", interpreter)

        def make(aside: Aside) -> None:
            self._virtualenv(aside, interpreter, "--no-pip", "--no-setuptools", "--no-wheel")
            for name in ("activate", "deactivate"):
                for path in (aside.content / "bin").glob(f"{name}*"):
                    path.unlink()
            for path in aside.content.rglob("_virtualenv.p*"):
                path.unlink()
            (aside.content / ".gitignore").unlink(missing_ok=True)
            contents = Contents(kind="helper", python=interpreter.version, site=interpreter.site)
            write_contents(aside.content, contents)

        return self.hold(key, make)

    def tools(self, interpreter: Interpreter) -> Path:
        """The folder of an environment with the pip, setuptools and wheel that virtualenv has."""
        key = _key("tools", interpreter)

        def make(aside: Aside) -> None:
            fill(
                aside,
                Blueprint(
                    kind="tools",
                    interpreter=interpreter,
                    final=self.store.path(key),
                    install=lambda aside: self._virtualenv(aside, interpreter),
                    env=self.env,
                ),
            )

        return self.hold(key, make)

    def resolve(
        self, request: EnvironmentRequest, recorded: tuple[str, ...] | None = None
    ) -> Resolution:
        """Install everything to see what that is; what was installed is stored at once.

        Nothing is installed yet where it was ``recorded``.
        """
        refuse_lock(request)
        if recorded is not None:
            names = {package_name(line) for line in request.pinned}
            rest = with_files(request, recorded)
            others = tuple(line for line in rest if package_name(line) not in names)
            return Resolution(lines=others, pinned=request.pinned, projects=request.projects)
        with self.store.aside() as aside, removing_new_files(request.root, request.projects):
            self._skeleton(aside, request)
            wanted, given = aside.folder / "wanted.txt", aside.folder / "given.txt"
            lines = [*request.lines, *request.group_lines, *(p.line for p in request.projects)]
            lines += [f"{request.root}[{','.join(request.extras)}]"] if request.source else []
            wanted.write_text("\n".join([*request.options, *lines, ""]))
            given.write_text("\n".join([*request.constraints, ""]))
            self._pip(request, aside, "install", "-c", given, "-r", wanted)
            frozen = self._freeze(request, aside)
            resolution = Resolution(lines=frozen, pinned=request.pinned, projects=request.projects)
            if request.pinned:
                self._install_lines(request, aside, ("--require-hashes",), request.pinned)
            key = environment_key(request, resolution, self.indexes)
            self._finish(request, aside, key)
            self.store.publish(aside, key)
        return resolution

    def install(self, request: EnvironmentRequest, resolution: Resolution, aside: Aside) -> None:
        """Install a resolution into a new environment at ``aside.content``."""
        self._skeleton(aside, request)
        self._install_lines(request, aside, (), resolution.lines)
        self._install_lines(request, aside, ("--require-hashes",), resolution.pinned)
        (aside.content / request.interpreter.site / _HELPERS).unlink()

    def _skeleton(self, aside: Aside, request: EnvironmentRequest) -> None:
        interpreter = request.interpreter
        bare, tools = self.bare(interpreter), self.tools(interpreter)
        try:
            site = make_skeleton(aside.content, interpreter, bare)
            (site / _HELPERS).write_text(f"{tools / interpreter.site}\n")
        except OSError as error:
            raise unusable(aside.content, error) from error

    def _finish(self, request: EnvironmentRequest, aside: Aside, key: str) -> None:
        (aside.content / request.interpreter.site / _HELPERS).unlink()
        finish(
            aside,
            Blueprint(
                kind="environment",
                interpreter=request.interpreter,
                final=self.store.path(key),
                install=lambda _: None,
                env=self.env,
            ),
        )

    def _freeze(self, request: EnvironmentRequest, aside: Aside) -> tuple[str, ...]:
        """What is installed, without the project's own folders, which are uninstalled."""
        text = self._pip(request, aside, "freeze").splitlines()
        # A configured --find-links makes pip repeat it here.
        lines = [line for line in text if line and not line.startswith(("-f", "--", "#"))]
        kept, projects = split_lines(lines, request.root)
        paths = {project.path for project in projects}
        for line in lines:
            name, _, address = line.partition(" @ ")
            if address and split_lines([line], request.root)[1]:
                self._pip(request, aside, "uninstall", "-y", name)
        if paths - {project.path for project in request.projects} - {"."}:
            raise EnvironmentFailed(f"cannot install {', '.join(sorted(paths))} for this Python")
        return kept

    def _install_lines(
        self,
        request: EnvironmentRequest,
        aside: Aside,
        flags: tuple[str, ...],
        lines: tuple[str, ...],
    ) -> None:
        if lines:
            file = aside.folder / "lines.txt"
            file.write_text("\n".join([*request.options, *lines, ""]))
            self._pip(request, aside, "install", "--no-deps", *flags, "-r", file)

    def _pip(
        self, request: EnvironmentRequest, aside: Aside, command: str, *args: str | Path
    ) -> str:
        """Run the tools' pip in the new environment and return what it printed."""
        python = aside.content / "bin" / "python"
        flags: list[str | Path] = ["--no-compile"] if command == "install" else []
        if command == "install" and request.prerelease:
            flags.append("--pre")
        env = {**self.env, "PROJECT_ROOT": str(request.root)}
        argv: list[str | Path] = [python, "-m", "pip", command, *flags, *args]
        done = execute(argv, cwd=request.root, env=env, keep=aside.lock)
        version = request.interpreter.version
        return demand(done, f"the requirements cannot be installed for Python {version}").text

    def _virtualenv(self, aside: Aside, interpreter: Interpreter, *flags: str) -> None:
        python = self.helper() / "bin" / "python"
        own = ("--app-data", aside.folder / "data", "--no-periodic-update", "--no-download")
        argv: list[str | Path] = [python, "-m", "virtualenv", "-q", *own, *flags]
        argv += ["--python", interpreter.real, aside.content]
        done = execute(argv, cwd=aside.folder, env=self.env, keep=aside.lock)
        demand(done, f"virtualenv cannot make an environment for Python {interpreter.version}")
        shutil.rmtree(aside.folder / "data", ignore_errors=True)


def _key(kind: str, interpreter: Interpreter) -> str:
    content = msgspec.json.encode([kind, VIRTUALENV, interpreter_identity(interpreter)])
    return sha256(content).hexdigest()[:32]
