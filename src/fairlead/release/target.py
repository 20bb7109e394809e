"""The Python that a release is made for, among those of this machine."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from fairlead.errors import InterpreterNotFound
from fairlead.pipeline.metadata import read_toml, table
from fairlead.pipeline.tree import Tree
from fairlead.runner.pythons import Interpreter, choose, find

_OF_THE_SYSTEM = Path("/usr/bin/python3")


def target_python(wanted: str, tree: Tree, home: Path, environ: Mapping[str, str]) -> Interpreter:
    """The interpreter for ``wanted``, a version such as ``3.11``.

    Where that is just ``3`` it is what ``.python-version`` says, else this system's own, which
    hosts with the same distribution have too, else the newest. Raises ``InterpreterNotFound``.
    """
    found = find(home, environ)
    if wanted != "3":
        return choose(found, wanted)
    said = (tree.read(".python-version") or b"").decode("utf-8", "replace").split()
    if said:
        return choose(found, said[0])
    fitting = [one for one in found if one.final and _allowed(one, tree)]
    return _of_the_system(fitting) or choose(fitting or found, "3")


def _of_the_system(found: Iterable[Interpreter]) -> Interpreter | None:
    try:
        real = _OF_THE_SYSTEM.resolve(strict=True)
    except OSError:
        return None
    return next((one for one in found if one.real == real), None)


def _allowed(one: Interpreter, tree: Tree) -> bool:
    """Whether ``requires-python`` of the project takes an interpreter."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    said = table(read_toml(tree, "pyproject.toml"), "project").get("requires-python", "")
    try:
        return not said or SpecifierSet(str(said)).contains(one.version)
    except InvalidSpecifier as error:
        raise InterpreterNotFound(f"requires-python is no range of versions: {said}") from error
