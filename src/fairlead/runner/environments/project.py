"""The project itself, installed into a job's layer: by its own build once, then by copying.

Building runs the project's code, so it happens where the caller says: inside the job's sandbox.
What it leaves, in the layer and in the workspace, is kept below ``home/projects``.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.command import reason
from fairlead.runner.environments.layers import Layer
from fairlead.runner.environments.project_key import project_key
from fairlead.runner.environments.request import FolderTree
from fairlead.runner.environments.requirements import LocalProject
from fairlead.runner.environments.scripts import python_body, with_python
from fairlead.runner.environments.snapshot import changed, take_snapshot
from fairlead.runner.environments.store import Aside, Store
from fairlead.util.fs import unusable

Execute = Callable[[Sequence[str], Mapping[str, str], str], tuple[int, bytes]]
"""Runs a command with these variables in this folder; returns its exit code and its output."""

_FIRST_EDITABLE = (3, 7)
"""The oldest Python whose newest setuptools has the hooks that uv needs."""


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A job's checked-out files: ``folder`` here, ``inside`` as the job sees it.

    ``tree_key`` stands for all the files; ``describe`` for the version that tags give them.
    """

    folder: Path
    inside: str
    tree_key: str
    describe: str = ""


def install_project(
    layer: Layer,
    project: LocalProject,
    workspace: Workspace,
    *,
    store: Store,
    uv: tuple[str, ...],
    variables: Mapping[str, str],
    execute: Execute,
) -> bool:
    """Install one folder of the workspace into ``layer``; whether an earlier build was used.

    ``uv`` is the command that installs, ``variables`` lead to packages and caches. Raises
    ``EnvironmentFailed`` with the build's own words, ``StoreError`` where the disk refuses.
    """
    key = _key(layer, project, workspace)
    if key and (handle := store.hold(key)) is not None:
        try:
            _restore(store.path(key), layer, workspace.folder)
        except OSError as error:
            raise unusable(layer.folder, error) from error
        finally:
            os.close(handle)
        return True
    before = take_snapshot(layer.folder), take_snapshot(workspace.folder)
    argv = _command(layer, project, workspace, uv)
    env = {**variables, **layer.variables}
    env["PATH"] = f"{layer.bin}:/usr/local/bin:/usr/bin:/bin"
    code, output = execute(argv, env, workspace.inside)
    if code:
        what = "the project" if project.path == "." else project.path
        words = reason(output.decode("utf-8", "replace")) or f"exit code {code}"
        raise EnvironmentFailed(f"{what} cannot be installed: {words}")
    if key:
        after = take_snapshot(layer.folder), take_snapshot(workspace.folder)
        news = [changed(*pair) for pair in zip(before, after, strict=True)]
        _keep(store, key, layer, workspace.folder, news)
    return False


def _key(layer: Layer, project: LocalProject, workspace: Workspace) -> str | None:
    folder = workspace.folder / project.path
    whole = f"{workspace.tree_key} {workspace.describe}" if workspace.tree_key else ""
    return project_key(
        project,
        FolderTree(folder),
        _names(folder),
        environment=layer.environment.key,
        inside=workspace.inside,
        whole=whole,
    )


def _names(folder: Path) -> tuple[str, ...]:
    """The files of a project, without those that an earlier build left."""
    names = take_snapshot(folder) if folder.is_dir() else ()
    return tuple(name for name in names if ".egg-info/" not in name)


def _command(
    layer: Layer, project: LocalProject, workspace: Workspace, uv: tuple[str, ...]
) -> tuple[str, ...]:
    where = workspace.inside if project.path == "." else f"{workspace.inside}/{project.path}"
    what = ("-e", where) if project.mode == "editable" else (where,)
    folder = workspace.folder / project.path
    if layer.environment.interpreter.numbers >= _FIRST_EDITABLE or (
        layer.environment.bare is None and not (folder / "setup.py").exists()
    ):
        flags = ("--no-deps", "--link-mode", "copy", "--python", str(layer.python))
        return (*uv, *flags, *what)
    # With nothing else to fetch there is no need to isolate the build, and none of a network.
    alone = () if _names_build_packages(folder) else ("--no-build-isolation",)
    return (str(layer.python), "-m", "pip", "install", "--no-deps", *alone, *what)


def _names_build_packages(folder: Path) -> bool:
    from fairlead.pipeline.metadata import read_toml, table
    from fairlead.runner.environments.request import normal_name

    requires = table(read_toml(FolderTree(folder), "pyproject.toml"), "build-system")
    names = requires.get("requires", [])
    plain = {"setuptools", "wheel"}
    return not all(normal_name(str(n)).partition("[")[0] in plain for n in names)


def _keep(
    store: Store, key: str, layer: Layer, workspace: Path, news: list[tuple[str, ...]]
) -> None:
    def make(aside: Aside) -> None:
        try:
            for part in ("scripts", "layer", "workspace"):
                (aside.content / part).mkdir(parents=True)
            _copy_all(layer.folder, aside.content / "layer", _not_scripts(layer, aside, news[0]))
            _copy_all(workspace, aside.content / "workspace", news[1])
        except OSError as error:
            raise unusable(aside.content, error) from error

    handle, _ = store.ensure(key, make)
    os.close(handle)


def _not_scripts(layer: Layer, aside: Aside, paths: Iterable[str]) -> Iterable[str]:
    """The paths that are no console scripts; those are kept without their first line."""
    for path in paths:
        body = python_body(layer.folder / path, layer.bin) if path.startswith("bin/") else None
        if body is not None:
            name = aside.content / "scripts" / os.path.basename(path)
            name.write_bytes(body.encode("utf-8", "surrogateescape"))
        elif path != ".lock":
            yield path


def _restore(kept: Path, layer: Layer, workspace: Path) -> None:
    for part, folder in (("layer", layer.folder), ("workspace", workspace)):
        _copy_all(kept / part, folder, take_snapshot(kept / part))
    for entry in os.scandir(kept / "scripts"):
        body = Path(entry.path).read_bytes().decode("utf-8", "surrogateescape")
        target = layer.bin / entry.name
        target.unlink(missing_ok=True)
        target.write_bytes(with_python(body, layer.python))
        target.chmod(0o755)


def _copy_all(source: Path, target: Path, paths: Iterable[str]) -> None:
    """Copy files and links. What was built may be hostile: nothing is written through a link."""
    top = os.path.realpath(target)
    made: set[str] = set()
    for path in paths:
        if not _is_plain(source / path):
            continue
        parent = os.path.dirname(target / path)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            if not f"{os.path.realpath(parent)}/".startswith(f"{top}/"):
                raise EnvironmentFailed(f"the build made {path!r} lead out of its folder")
            made.add(parent)
        (target / path).unlink(missing_ok=True)
        shutil.copy2(source / path, target / path, follow_symlinks=False)


def _is_plain(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)
