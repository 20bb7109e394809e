"""Which packages go along with a release: the lines of a lock file, each with its hashes."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from fairlead.errors import ReleaseFailed
from fairlead.model import Location, Pairs
from fairlead.pipeline.tree import Tree
from fairlead.runner.environments import LocalProject
from fairlead.runner.environments.requirements import ROOT
from fairlead.runner.pythons import Interpreter

_FOLDER_NAMES = ("run", "prod", "production", "deploy", "web", "app", "base", "common", "main")
_REQUIREMENTS = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in (*_FOLDER_NAMES, "requirements")),
    *(f"requirements{sign}{name}.txt" for name in _FOLDER_NAMES for sign in "-_."),
    "requirements.lock",
)
_HASH = rb"(?m)^[^#\n]*--hash=sha256:"


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """What to install. ``pinned`` lines carry hashes, ``direct`` ones name a repository instead.

    ``options`` are lines that lead to packages, ``projects`` the folders of the project that are
    installed themselves, ``files`` pairs each lock file with its SHA-256.
    """

    pinned: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    projects: tuple[LocalProject, ...] = ()
    files: Pairs = ()


def find_lock(tree: Tree) -> str:
    """The lock file a project is run from, or nothing.

    It is ``uv.lock``, ``pylock.toml``, or the first requirements file with hashes whose name does
    not say that it is for tests or documentation.
    """
    for name in ("uv.lock", "pylock.toml"):
        if tree.read(name) is not None:
            return name
    return next((n for n in _present(tree) if re.search(_HASH, tree.read(n) or b"")), "")


def find_requirements(tree: Tree) -> str:
    """The requirements file a project without any lock is run from, or nothing."""
    return next(iter(_present(tree)), "")


def _present(tree: Tree) -> list[str]:
    paths = set(tree.paths)
    return [name for name in _REQUIREMENTS if name in paths]


def digest_of(tree: Tree, name: str) -> str:
    """The SHA-256 of a file."""
    return sha256(tree.read(name) or b"").hexdigest()


def join_lines(text: str) -> list[str]:
    """The lines of a requirements file, those that are continued in one."""
    return [line.strip() for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]


def split_direct(lines: Iterable[str], name: str) -> tuple[str, ...]:
    """Lines without hashes, all of which must name the place they come from.

    Raises ``ReleaseFailed`` for one that only names a version.
    """
    for line in lines:
        if not line.startswith(ROOT) and "@" not in line.partition(";")[0]:
            raise ReleaseFailed(
                f"there is no hash for {line}",
                location=Location(file=name),
                hint="write it with hashes, for instance by `uv pip compile --generate-hashes`",
            )
    return tuple(lines)


def marker_environment(interpreter: Interpreter) -> dict[str, str]:
    """What environment markers (PEP 508) are compared with for an interpreter of this machine."""
    from packaging.markers import default_environment

    kind = interpreter.implementation
    version = ".".join(str(number) for number in interpreter.numbers)
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": "{}.{}".format(*interpreter.numbers[:2]),
        "python_full_version": interpreter.version,
        "implementation_name": kind,
        "implementation_version": version,
        "platform_python_implementation": "PyPy" if kind == "pypy" else "CPython",
    }


def read_pylock(
    text: str, name: str, extras: Iterable[str], environment: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of a ``pylock.toml`` (PEP 751): those with hashes, and those with an address.

    Raises ``ReleaseFailed`` for a package that says neither.
    """
    import tomllib

    pinned: list[str] = []
    direct: list[str] = []
    for package in tomllib.loads(text).get("packages", ()):
        if not _wanted(package, extras, environment):
            continue
        line, hashes = _requirement(package, name)
        if hashes:
            pinned.append(" ".join([line, *(f"--hash=sha256:{h}" for h in sorted(hashes))]))
        else:
            direct.append(line)
    return tuple(pinned), split_direct(direct, name)


def _wanted(package: dict[str, Any], extras: Iterable[str], around: Mapping[str, str]) -> bool:
    from packaging.markers import Marker

    if not (text := package.get("marker")):
        return True
    values: dict[str, str | frozenset[str]] = {**around, "extras": frozenset(extras)}
    values["dependency_groups"] = frozenset()
    return Marker(text).evaluate(values, context="lock_file")


def _requirement(package: dict[str, Any], name: str) -> tuple[str, set[str]]:
    called = str(package.get("name", ""))
    if vcs := package.get("vcs"):
        return f"{called} @ {vcs['type']}+{vcs['url']}@{vcs['commit-id']}", set()
    if archive := package.get("archive"):
        return f"{called} @ {archive['url']}", {archive["hashes"]["sha256"]}
    files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
    hashes = {file["hashes"]["sha256"] for file in files if "sha256" in file.get("hashes", {})}
    if not hashes or "version" not in package:
        raise ReleaseFailed(
            f"it gives no hashes for {called or 'a package'}", location=Location(file=name)
        )
    return f"{called}=={package['version']}", hashes
