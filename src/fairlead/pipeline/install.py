"""What a project needs to be tested, told from its files alone."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fairlead.model import Install
from fairlead.pipeline.metadata import (
    extras_of,
    groups_of,
    poetry_requirement,
    read_toml,
    setup_arguments,
    setup_cfg_section,
    table,
)
from fairlead.pipeline.tree import Tree

# What projects call the things that only their tests and their people need.
TEST_NAMES = ("test", "tests", "testing", "dev", "develop", "development", "ci")

_NAMES = "|".join(TEST_NAMES)
_ROOT_FILE = rf"requirements(?:[-_.](?:{_NAMES}))?\.txt|(?:{_NAMES})[-_]requirements\.txt"
_FOLDER_FILE = rf"requirements/(?:base|common|requirements|{_NAMES})\.txt"
_HASH = rb"(?m)^[^#\n]*--hash=sha256:"


def detect_install(tree: Tree) -> Install:
    """What to install before a project's tests run.

    A ``uv.lock`` or ``pylock.toml`` fixes the versions where there is one, else a requirements
    file with hashes. Otherwise: requirements files for running, testing and developing, the
    extras and groups of those names, and the project itself where it can be built. A project
    that has dependencies but no build system names ``pyproject.toml`` as a requirements file.
    Files that cannot be read are passed over: whoever installs from them says what is wrong.
    """
    pyproject = read_toml(tree, "pyproject.toml")
    project = project_kind(tree, pyproject)
    lock = _whole_lock(tree)
    files = () if lock else _requirement_files(tree)
    hashed = [name for name in files if re.search(_HASH, tree.read(name) or b"")]
    if len(hashed) == 1:
        lock = hashed[0]
        files = tuple(name for name in files if name != lock)
    if not lock and project == "none" and table(pyproject, "project").get("dependencies"):
        files = ("pyproject.toml", *files)
    return Install(
        requirements=files,
        constraints=("constraints.txt",) if not lock and "constraints.txt" in tree.paths else (),
        packages=() if lock else _listed_packages(tree, pyproject),
        extras=test_names(extras_of(tree, pyproject)),
        groups=test_names(groups_of(pyproject)),
        lock=lock,
        project=project,
    )


def project_kind(tree: Tree, pyproject: Mapping[str, Any]) -> str:
    """``editable`` where the project can be built and installed, else ``none``."""
    if table(pyproject, "tool", "uv").get("package") is False:
        return "none"
    if table(pyproject, "tool", "poetry").get("package-mode") is False:
        return "none"
    if "build-system" in pyproject or "setup.py" in tree.paths:
        return "editable"
    return "editable" if "name" in setup_cfg_section(tree, "metadata") else "none"


def test_names(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that mean testing or developing, in their order."""
    return tuple(name for name in names if name.lower() in TEST_NAMES)


def _whole_lock(tree: Tree) -> str:
    return next((name for name in ("uv.lock", "pylock.toml") if name in tree.paths), "")


def _requirement_files(tree: Tree) -> tuple[str, ...]:
    """Requirements files by name, without those another of them includes."""
    found = [p for p in tree.paths if re.fullmatch(_ROOT_FILE, p) or re.fullmatch(_FOLDER_FILE, p)]
    included = {other for path in found for other in _included(path, tree.read(path) or b"")}
    return tuple(path for path in found if path not in included)


def _included(path: str, data: bytes) -> Iterable[str]:
    """The files a requirements file names with ``-r``, relative to the project."""
    folder = posixpath.dirname(path)
    for line in data.decode("utf-8", "replace").splitlines():
        if found := re.match(r"\s*(?:-r|--requirement)[\s=]*([^\s#]+)", line):
            yield posixpath.normpath(posixpath.join(folder, found[1]))


def _listed_packages(tree: Tree, pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """Requirements for testing that only a tool's own table or ``tests_require`` holds."""
    groups = table(pyproject, "tool", "pdm", "dev-dependencies")
    lists = [
        table(pyproject, "tool", "uv").get("dev-dependencies"),
        *(groups[name] for name in test_names(groups)),
        table(pyproject, "tool", "hatch", "envs", "default").get("dependencies"),
        table(pyproject, "tool", "hatch", "envs", "test").get("dependencies"),
        setup_arguments(tree).get("tests_require"),
        setup_cfg_section(tree, "options").get("tests_require", "").splitlines(),
    ]
    found = [item for items in lists if isinstance(items, list | tuple) for item in items]
    names = (item.strip() for item in found if isinstance(item, str))
    packages = [name for name in names if name and not name.startswith(("-", "#", "{"))]
    return tuple(dict.fromkeys(packages + _poetry_packages(pyproject)))


def _poetry_packages(pyproject: Mapping[str, Any]) -> list[str]:
    """Poetry's own development dependencies, in the words of PEP 508."""
    poetry = table(pyproject, "tool", "poetry")
    tables = [table(poetry, "dev-dependencies")]
    groups = table(poetry, "group")
    tables += [table(groups, name, "dependencies") for name in test_names(groups)]
    return [
        text
        for table in tables
        for name, wanted in table.items()
        if (text := poetry_requirement(name, wanted))
    ]
