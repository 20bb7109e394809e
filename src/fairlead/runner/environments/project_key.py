"""When an installed project may be used again: what its installation depends on.

An editable installation of pure Python depends on its packaging files and on which files there
are, not on what the modules hold. Whatever may run code or look at versions depends on all.
"""

import ast
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from fairlead.pipeline.metadata import read_toml, table
from fairlead.pipeline.tree import Tree
from fairlead.runner.environments.request import normal_name
from fairlead.runner.environments.requirements import LocalProject
from fairlead.util.digest import sha256

_BACKENDS = {
    "setuptools.build_meta": "setuptools",
    "flit_core.buildapi": "flit",
    "flit.buildapi": "flit",
    "hatchling.build": "hatch",
    "poetry.core.masonry.api": "poetry",
    "pdm.backend": "pdm",
    "uv_build": "uv",
}
_BUILD_PACKAGES = {
    "setuptools", "wheel", "flit", "flit-core", "hatchling", "editables", "poetry-core",
    "pdm-backend", "uv-build",
}  # fmt: skip
_WITH_CODE = (
    ("tool", "setuptools", "ext-modules"),
    ("tool", "setuptools", "cmdclass"),
    ("tool", "hatch", "build", "hooks"),
    ("tool", "hatch", "metadata", "hooks"),
    ("tool", "poetry", "build"),
    ("tool", "pdm", "build", "run-setuptools"),
    ("tool", "pdm", "build", "custom-hook"),
)


def project_key(
    project: LocalProject,
    tree: Tree,
    names: Iterable[str],
    *,
    environment: str,
    inside: str,
    whole: str,
) -> str | None:
    """The name under which an installation is kept, ``None`` where it must not be.

    ``tree`` holds the files of the project's own folder and ``names`` their paths. ``inside`` is
    the workspace's path as the job sees it; ``whole`` stands for all files and the version that
    a repository's tags give, and is empty where that is not known.
    """
    static = _static(project, tree)
    if static is not None:
        facts: object = [[(name, tree.read(name)) for name in static], sorted(names)]
    elif whole:
        facts = whole
    else:
        return None
    content = [environment, inside, project.path, project.mode, facts]
    return sha256(msgspec.json.encode(content)).hexdigest()[:32]


def _static(project: LocalProject, tree: Tree) -> tuple[str, ...] | None:
    """The files whose bytes matter, or ``None`` where all of them may."""
    pyproject = read_toml(tree, "pyproject.toml")
    build = table(pyproject, "build-system")
    backend = _BACKENDS.get(str(build.get("build-backend")))
    if project.mode != "editable" or backend is None or "backend-path" in build:
        return None
    requires = build.get("requires")
    if not isinstance(requires, list) or not {_name(r) for r in requires} <= _BUILD_PACKAGES:
        return None
    if tree.read("setup.py") is not None or any(_has(pyproject, path) for path in _WITH_CODE):
        return None
    if any("hooks" in target for target in _hatch_targets(pyproject)):
        return None
    dynamic = _dynamic_files(backend, pyproject, tree)
    if dynamic is None:
        return None
    readme = table(pyproject, "project").get("readme")
    readme = readme.get("file") if isinstance(readme, dict) else readme
    named = [readme] if isinstance(readme, str) else []
    return ("pyproject.toml", "setup.cfg", "MANIFEST.in", "LICENSE", *named, *dynamic)


def _name(requirement: object) -> str:
    found = re.match(r"\s*([\w.-]+)", str(requirement))
    return normal_name(found[1]) if found else ""


def _has(values: dict[str, Any], path: tuple[str, ...]) -> bool:
    return path[-1] in table(values, *path[:-1])


def _hatch_targets(pyproject: dict[str, Any]) -> list[dict[str, Any]]:
    targets = table(pyproject, "tool", "hatch", "build", "targets")
    return [target for target in targets.values() if isinstance(target, dict)]


def _dynamic_files(backend: str, pyproject: dict[str, Any], tree: Tree) -> list[str] | None:
    """The files that dynamic metadata is read from, ``None`` where a program tells it."""
    project = table(pyproject, "project")
    if not project:
        # Poetry's and flit's older tables are as static; setup.cfg alone may refer to code.
        return [] if backend == "poetry" else None
    dynamic = project.get("dynamic", [])
    if not isinstance(dynamic, list):
        return None
    files: list[str] = []
    for field in dynamic:
        found = _sources(backend, str(field), pyproject, tree)
        if found is None:
            return None
        files += found
    return files


def _sources(backend: str, field: str, pyproject: dict[str, Any], tree: Tree) -> list[str] | None:
    if backend == "flit" and field in ("version", "description"):
        return _module_files(str(table(pyproject, "project").get("name", "")), tree)
    if backend == "hatch" and field == "version":
        version = table(pyproject, "tool", "hatch", "version")
        path = version.get("path")
        return [path] if isinstance(path, str) and set(version) <= {"path", "pattern"} else None
    if backend == "setuptools":
        return _setuptools_files(table(pyproject, "tool", "setuptools", "dynamic").get(field), tree)
    return None


def _setuptools_files(value: Any, tree: Tree) -> list[str] | None:
    if isinstance(value, dict) and "file" in value:
        files = [value["file"]] if isinstance(value["file"], str) else value["file"]
        return [str(file) for file in files] if isinstance(files, list) else None
    if isinstance(value, dict) and isinstance(value.get("attr"), str):
        module, _, name = value["attr"].rpartition(".")
        files = _module_files(module.replace(".", "/"), tree) or []
        return files if any(_is_literal(tree.read(file) or b"", name) for file in files) else None
    return None


def _module_files(path: str, tree: Tree) -> list[str] | None:
    path = path.replace("-", "_")
    places = (f"{front}{path}{end}" for front in ("", "src/") for end in (".py", "/__init__.py"))
    return [place for place in places if tree.read(place) is not None] or None


def _is_literal(source: bytes, name: str) -> bool:
    """Whether a module assigns a plain text to ``name``, so that setuptools need not run it."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        for node in module.body
    )
