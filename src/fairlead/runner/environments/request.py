"""What an environment must hold, as one value: told from a job's ``install`` and its files."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install, Location, Pairs
from fairlead.pipeline.metadata import extras_of, read_toml, setup_cfg, table
from fairlead.pipeline.tree import Tree
from fairlead.runner.environments.requirements import (
    LocalProject,
    Reading,
    merge_projects,
    read_lines,
    read_requirements,
)
from fairlead.runner.pythons import Interpreter
from fairlead.util.digest import sha256


class EnvironmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an environment depends on, besides the day it is resolved.

    ``root`` is the project's folder on this machine and no part of the identity. ``trust``
    keeps environments and caches of code from strangers apart (``untrusted``: no credentials
    reach what it builds). ``lock`` is the name of a ``uv.lock`` or ``pylock.toml``; ``pinned``
    are requirements with hashes. ``source`` is a file whose dependencies are wanted without the
    project itself. ``digests`` are hashes of further files that matter, by name.
    """

    interpreter: Interpreter
    root: Path = Path("/")
    trust: str = "trusted"
    lines: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    prerelease: bool = False
    hosts: tuple[str, ...] = ()
    projects: tuple[LocalProject, ...] = ()
    source: str = ""
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    group_lines: tuple[str, ...] = ()
    """The requirements of ``groups``, for installers that cannot read groups themselves."""
    lock: str = ""
    digests: Pairs = ()

    @property
    def empty(self) -> bool:
        """Whether nothing at all is asked for."""
        wanted = (self.lines, self.pinned, self.projects, self.source, self.groups, self.lock)
        return not any(wanted)

    def identity(self) -> bytes:
        """The bytes of all that matters, the same wherever the project lies."""
        fields = {
            name: getattr(self, name)
            for name in self.__struct_fields__
            if name not in ("root", "interpreter")
        }
        return msgspec.json.encode([interpreter_identity(self.interpreter), fields])


def interpreter_identity(interpreter: Interpreter) -> tuple[str, ...]:
    """What makes an environment fit one interpreter and no other."""
    fields = ("real", "version", "implementation", "platform", "abi", "free_threaded")
    return tuple(str(getattr(interpreter, name)) for name in fields)


class FolderTree:
    """The files of a folder on disk; what lies outside of it by symlinks is not there."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    @property
    def paths(self) -> tuple[str, ...]:
        """All file paths, sorted."""
        found = (path.relative_to(self._root) for path in self._root.rglob("*") if path.is_file())
        return tuple(sorted(str(path) for path in found if path.parts[0] != ".git"))

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, or ``None``."""
        try:
            real = (self._root / path).resolve()
            return real.read_bytes() if real.is_relative_to(self._root) else None
        except (OSError, ValueError, RuntimeError):
            return None


def read_request(
    install: Install,
    root: Path,
    *,
    interpreter: Interpreter,
    trust: str = "trusted",
    tree: Tree | None = None,
) -> EnvironmentRequest:
    """Turn a job's ``install`` into a request, reading its files from ``tree`` or ``root``.

    Raises ``EnvironmentFailed`` with the place of what cannot be: a file that is absent, an
    extra or group that the project does not have, a path outside of the project.
    """
    tree = tree or FolderTree(root)
    pyproject = read_toml(tree, "pyproject.toml")
    lock, locked = _read_lock(tree, install.lock)
    reading = merge(
        locked,
        read_requirements(tree, install.requirements, install.constraints),
        read_lines(tree, install.packages),
    )
    projects = merge_projects(_root_project(install), reading.projects)
    projects = tuple(_named(tree, project) for project in projects)
    _check_names(tree, pyproject, install, projects)
    root_wanted = any(project.path == "." for project in projects)
    extras = () if root_wanted else install.extras
    source = reading.source or (_metadata_file(tree) if extras else "")
    return EnvironmentRequest(
        interpreter=interpreter,
        root=root,
        trust=trust,
        lines=reading.lines,
        pinned=reading.pinned,
        constraints=reading.constraints,
        options=reading.options,
        prerelease=reading.prerelease,
        hosts=reading.hosts,
        projects=projects,
        source=source,
        extras=install.extras if lock else extras,
        groups=install.groups,
        group_lines=_group_lines(pyproject, install.groups),
        lock=lock,
        digests=tuple(_digests(tree, pyproject, reading, projects, (lock, source))),
    )


def merge(*readings: Reading) -> Reading:
    """Several readings as one, in their order."""
    fields: dict[str, Any] = {}
    for name in Reading.__struct_fields__:
        values = [getattr(reading, name) for reading in readings]
        if isinstance(values[0], tuple):
            fields[name] = tuple(dict.fromkeys(item for value in values for item in value))
        else:
            fields[name] = next((value for value in values if value), values[0])
    return Reading(**fields)


def _read_lock(tree: Tree, name: str) -> tuple[str, Reading]:
    """A lock that uv reads itself by name, or a requirements file with hashes as a reading."""
    if not name:
        return "", Reading()
    if tree.read(name) is None:
        raise EnvironmentFailed(f"there is no lock file {name!r}", location=Location(file=name))
    base = name.rpartition("/")[2]
    if base == "uv.lock" or re.fullmatch(r"pylock(\.[^.]+)?\.toml", base):
        return name, Reading()
    if base.endswith((".lock", ".toml", ".json")):
        raise EnvironmentFailed(
            f"{base} is not a kind of lock file that can be installed from",
            location=Location(file=name),
            hint="use uv.lock, pylock.toml or a requirements file with hashes",
        )
    return "", read_requirements(tree, (name,), ())


def _root_project(install: Install) -> tuple[LocalProject, ...]:
    if install.project == "none":
        return ()
    return (LocalProject(path=".", extras=install.extras, mode=install.project),)


def _named(tree: Tree, project: LocalProject) -> LocalProject:
    """The project with its name, where its files tell without being run."""
    below = _Below(tree, project.path)
    name = table(read_toml(below, "pyproject.toml"), "project").get("name")
    if not isinstance(name, str):
        name = setup_cfg(below).get("metadata", "name", fallback="")
    return msgspec.structs.replace(project, name=name.strip())


class _Below:
    """A folder of a tree as a tree."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self._tree = tree
        self._front = "" if folder == "." else f"{folder}/"

    @property
    def paths(self) -> tuple[str, ...]:
        front = len(self._front)
        return tuple(p[front:] for p in self._tree.paths if p.startswith(self._front))

    def read(self, path: str) -> bytes | None:
        return self._tree.read(self._front + path)


def _metadata_file(tree: Tree) -> str:
    names = ("pyproject.toml", "setup.cfg", "setup.py")
    for name in names:
        if tree.read(name) is not None:
            return name
    raise EnvironmentFailed(
        "extras are asked for, but there is no pyproject.toml, setup.cfg or setup.py"
    )


def _check_names(
    tree: Tree, pyproject: dict[str, Any], install: Install, projects: Iterable[LocalProject]
) -> None:
    groups = table(pyproject, "dependency-groups")
    for name in install.groups:
        _known("dependency group", name, groups)
    if "project" not in pyproject or "optional-dependencies" in _dynamic(pyproject):
        return
    wanted = {e for project in projects if project.path == "." for e in project.extras}
    for name in sorted(wanted | set(install.extras)):
        _known("extra", name, extras_of(tree, pyproject))


def _known(kind: str, name: str, names: Iterable[str]) -> None:
    normal = {normal_name(one): one for one in names}
    if normal_name(name) in normal:
        return
    import difflib

    close = difflib.get_close_matches(normal_name(name), normal, n=1)
    listed = ", ".join(normal.values()) or "none"
    hint = f"did you mean {normal[close[0]]!r}?" if close else f"it has: {listed}"
    raise EnvironmentFailed(
        f"the project has no {kind} {name!r}", location=Location(file="pyproject.toml"), hint=hint
    )


def normal_name(name: str) -> str:
    """A package's, extra's or group's name in the one form that compares (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _dynamic(pyproject: dict[str, Any]) -> tuple[str, ...]:
    names = table(pyproject, "project").get("dynamic")
    return tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()


def _group_lines(pyproject: dict[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """The requirements of dependency groups, with the groups they include (PEP 735)."""
    groups = {normal_name(n): v for n, v in table(pyproject, "dependency-groups").items()}
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [normal_name(name) for name in names]
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        for item in groups.get(name, ()):
            if isinstance(item, str):
                found[item] = None
            elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
                waiting.append(normal_name(item["include-group"]))
    return tuple(found)


def _digests(
    tree: Tree,
    pyproject: dict[str, Any],
    reading: Reading,
    projects: Iterable[LocalProject],
    names: Iterable[str],
) -> Iterable[tuple[str, str]]:
    for name in (*reading.files, *filter(None, names)):
        if name != "pyproject.toml":
            yield name, _hash(tree.read(name) or b"")
    uv = table(pyproject, "tool", "uv")
    yield "tool.uv", _hash(msgspec.json.encode(uv, enc_hook=str) + (tree.read("uv.toml") or b""))
    folders = {project.path for project in projects} | ({"."} if any(names) else set())
    for folder in sorted(folders):
        yield folder, _metadata_digest(_Below(tree, folder))
    for name in sorted(table(pyproject, "dependency-groups")):
        yield f"group {name}", _hash(repr(pyproject["dependency-groups"][name]).encode())


def _metadata_digest(tree: Tree) -> str:
    """A hash of what a project's dependencies are told from.

    For static metadata just the tables in question. Otherwise a program tells, which may read
    any file: then all files that ``setup.py``, ``setup.cfg`` or ``pyproject.toml`` name.
    """
    pyproject = read_toml(tree, "pyproject.toml")
    project = table(pyproject, "project")
    dynamic = set(_dynamic(pyproject)) & {"dependencies", "optional-dependencies"}
    if project and not dynamic:
        names = ("name", "dependencies", "optional-dependencies", "requires-python", "version")
        return _hash(repr([project.get(name) for name in names]).encode())
    data = b""
    for name in ("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt"):
        text = tree.read(name) or b""
        data += b"%d\n" % len(text) + text
        for mentioned in sorted(set(re.findall(rb"[\w./-]{1,80}\.\w{1,5}", text)))[:100]:
            data += tree.read(mentioned.decode()) or b""
    return _hash(data)


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()[:20]
