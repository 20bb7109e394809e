"""What ``pyproject.toml``, ``setup.cfg`` and ``setup.py`` say of a project, without running any."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlead.pipeline.tree import Tree

if TYPE_CHECKING:
    import ast
    import configparser


def groups_of(pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """The dependency groups of a ``pyproject.toml`` (PEP 735)."""
    return tuple(table(pyproject, "dependency-groups"))


def extras_of(tree: Tree, pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """The extras a project offers: from ``pyproject.toml``, ``setup.cfg`` and ``setup.py``."""
    found = [
        *table(pyproject, "project", "optional-dependencies"),
        *table(pyproject, "tool", "poetry", "extras"),
        *setup_cfg_section(tree, "options.extras_require"),
        *table(setup_arguments(tree), "extras_require"),
    ]
    return tuple(dict.fromkeys(name for name in found if isinstance(name, str)))


def read_toml(tree: Tree, path: str) -> dict[str, Any]:
    """The tables of a TOML file; empty where it is absent or broken."""
    data = tree.read(path)
    if not data:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return {}


def table(values: Any, *path: str) -> dict[str, Any]:
    """The table at ``path``; empty where there is none."""
    for name in path:
        values = values.get(name) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def poetry_requirement(name: str, wanted: Any) -> str:
    """``pytest = "^8.1"`` as ``pytest>=8.1,<9``; empty for what has no such form.

    The caret and tilde rules are those of Poetry's manual, "Dependency specification".
    """
    if name == "python":
        return ""
    if isinstance(wanted, dict):
        extras = wanted.get("extras", [])
        inside = ",".join(e for e in extras if isinstance(e, str)) if extras else ""
        bare = poetry_requirement(name, wanted.get("version", "*"))
        return bare.replace(name, f"{name}[{inside}]", 1) if inside else bare
    if not isinstance(wanted, str):
        return ""
    parts = [part.strip() for part in wanted.split(",")]
    return name + ",".join(filter(None, map(_poetry_bound, parts)))


def _poetry_bound(text: str) -> str:
    if text in {"", "*"}:
        return ""
    operator, version = text[0], text[1:].strip()
    if operator not in "^~" or text.startswith("~="):
        return text if re.match(r"[<>=!~]", text) else f"=={text}"
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    if not numbers:
        return ""
    kept = 1 if operator == "^" or len(numbers) == 1 else 2
    if operator == "^":
        kept = next((i for i, n in enumerate(numbers, 1) if n), len(numbers))
    upper = [*numbers[: kept - 1], numbers[kept - 1] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def setup_cfg(tree: Tree) -> "configparser.ConfigParser":
    """The sections of ``setup.cfg``; none where it is absent or broken."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((tree.read("setup.cfg") or b"").decode("utf-8", "replace"))
    except configparser.Error:
        return configparser.ConfigParser()
    return parser


def setup_cfg_section(tree: Tree, name: str) -> dict[str, str]:
    """One section of ``setup.cfg``; empty where there is none."""
    if not tree.read("setup.cfg"):
        return {}
    parser = setup_cfg(tree)
    return dict(parser[name]) if parser.has_section(name) else {}


_ARGUMENTS = frozenset(
    {"classifiers", "extras_require", "install_requires", "python_requires", "tests_require"}
)


def setup_arguments(tree: Tree) -> dict[str, Any]:
    """Literal arguments (those of ``_ARGUMENTS``) of a ``setup.py``, which is not run."""
    data = tree.read("setup.py")
    if not data:
        return {}
    import ast
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    found: dict[str, Any] = {}
    for word in (word for call in calls for word in call.keywords):
        if word.arg in _ARGUMENTS:
            found[word.arg] = _literal(word.value, names)
    return {name: value for name, value in found.items() if value is not None}


def _literal(node: "ast.expr", names: "Mapping[str, ast.expr]") -> Any:
    """The value of a literal, or of a name assigned one at the top of the module."""
    import ast

    if isinstance(node, ast.Name) and node.id in names:
        node = names[node.id]
    if isinstance(node, ast.Dict):
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        return dict.fromkeys(key for key in keys if isinstance(key, str))
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
