"""How much of the public code is documented.

Counted are modules, classes, functions and methods, also those inside of ``if`` and ``try``.
Left out is what nobody is meant to call or to document again: names with a leading underscore
and what they hold, functions inside of functions, overloads, overrides, setters and deleters of
properties, and modules without any code.
"""

import ast
import posixpath
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from fairlead.model import DocCoverage

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_ELSEWHERE = frozenset({"overload", "override", "setter", "deleter"})


def measure(sources: Mapping[str, bytes]) -> DocCoverage:
    """The documentation coverage of Python files, given by their paths.

    A file that this interpreter cannot parse counts as one definition without documentation.
    """
    documented = 0
    missing: list[str] = []
    for path, source in sorted(sources.items()):
        for line, name, has_docs in _definitions(path, source):
            documented += has_docs
            if not has_docs:
                missing.append(f"{path}:{line} {name}")
    return DocCoverage(
        documented=documented, total=documented + len(missing), missing=tuple(missing)
    )


def _definitions(path: str, source: bytes) -> Iterator[tuple[int, str, bool]]:
    """Line, name and whether there is a docstring, of every public definition of a file."""
    module = _module(path)
    if any(part.startswith("_") for part in module.split(".")):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        yield line or 1, f"{module} (cannot be parsed)", False
        return
    if tree.body:
        yield 1, module, ast.get_docstring(tree, clean=False) is not None
    todo = [(node, "") for node in reversed(list(_inside(tree.body)))]
    while todo:
        node, prefix = todo.pop()
        if node.name.startswith("_") or _is_elsewhere(node):
            continue
        name = prefix + node.name
        yield node.lineno, name, ast.get_docstring(node, clean=False) is not None
        if isinstance(node, ast.ClassDef):
            todo += [(inner, f"{name}.") for inner in reversed(list(_inside(node.body)))]


def _inside(body: Iterable[ast.AST]) -> Iterator[Definition]:
    """The definitions of a block, also those below conditions, but not below other definitions."""
    todo = list(body)[::-1]
    while todo:
        node = todo.pop()
        if isinstance(node, Definition):
            yield node
        elif isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.ExceptHandler):
            todo += reversed(list(ast.iter_child_nodes(node)))


def _is_elsewhere(node: Definition) -> bool:
    names = (getattr(d, "attr", None) or getattr(d, "id", None) for d in node.decorator_list)
    return any(name in _ELSEWHERE for name in names)


def _module(path: str) -> str:
    parts = posixpath.splitext(path)[0].split("/")
    if parts[-1] in ("__init__", "__main__") and len(parts) > 1:
        parts.pop()
    return ".".join(part for part in parts if part not in ("", ".", "src"))
