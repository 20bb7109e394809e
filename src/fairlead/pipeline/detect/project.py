"""A project's files as detection looks at them: each read once, broken ones passed over."""

import configparser
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from fairlead.model import Install
from fairlead.pipeline.install import detect_install
from fairlead.pipeline.metadata import read_toml, setup_cfg, table
from fairlead.pipeline.tree import Tree

_ASIDE = frozenset(
    {"docs", "doc", "examples", "example", "node_modules", "vendor", "_vendor", "third_party"}
    | {"build", "dist", "bench", "benchmarks", "site-packages", "templates", "cookiecutter"}
)
_TEST_FOLDER = re.compile(r"(?:^|/)(?:tests?|testing)/")
_TEST_NAME = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_tests?|tests?)\.py$")
_MOST_FILES = 400
_MOST_BYTES = 200_000


class Project:
    """The files of one project and what can be told from single ones of them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @cached_property
    def paths(self) -> frozenset[str]:
        """All paths."""
        return frozenset(self.tree.paths)

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The tables of ``pyproject.toml``."""
        return read_toml(self.tree, "pyproject.toml")

    @cached_property
    def setup_cfg(self) -> configparser.ConfigParser:
        """The sections of ``setup.cfg``."""
        return setup_cfg(self.tree)

    @cached_property
    def tox_ini(self) -> configparser.ConfigParser:
        """The sections of ``tox.ini``."""
        return self.ini("tox.ini")

    @cached_property
    def install(self) -> Install:
        """What the project's own files say is to be installed for its tests."""
        return detect_install(self.tree)

    @cached_property
    def pkg_info(self) -> Mapping[str, list[str]]:
        """The headers of a source distribution's ``PKG-INFO``, in lower case."""
        found: dict[str, list[str]] = {}
        for line in self.text("PKG-INFO").split("\n\n")[0].splitlines():
            if match := re.match(r"([A-Za-z-]+): (.*)", line):
                found.setdefault(match[1].lower(), []).append(match[2].strip())
        return found

    @cached_property
    def test_files(self) -> tuple[str, ...]:
        """Python files that hold tests or help them."""
        return tuple(path for path in self.tree.paths if _is_test(path))

    @cached_property
    def test_sources(self) -> Mapping[str, str]:
        """The texts of the test files, as many as are needed to know their style."""
        return {path: self.text(path) for path in self.test_files[:_MOST_FILES]}

    @cached_property
    def test_imports(self) -> Mapping[str, str]:
        """Top modules that test files import at the left margin, each with the first such file.

        Indented imports are passed over: they are often guarded by ``try`` or a skip.
        """
        found: dict[str, str] = {}
        for path, source in self.test_sources.items():
            for name in re.findall(r"^(?:import|from)[ \t]+(\w+)", source, re.MULTILINE):
                found.setdefault(name, path)
        return found

    def text(self, path: str) -> str:
        """The beginning of a file as text; empty where there is none."""
        return (self.tree.read(path) or b"")[:_MOST_BYTES].decode("utf-8", "replace")

    def ini(self, path: str) -> configparser.ConfigParser:
        """The sections of an INI file; none where it is absent or broken."""
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string((self.tree.read(path) or b"").decode("utf-8", "replace"))
        except configparser.Error:
            return configparser.ConfigParser()
        return parser

    def tool(self, *path: str) -> dict[str, Any]:
        """A table under ``[tool]`` of ``pyproject.toml``."""
        return table(self.pyproject, "tool", *path)

    def first(self, *names: str) -> str:
        """The first of these files that exists, or empty."""
        return next((name for name in names if name in self.paths), "")

    def in_tests(self, pattern: str) -> str:
        """The first test file in which a regular expression is found, or empty."""
        found = re.compile(pattern, re.MULTILINE)
        return next((p for p, source in self.test_sources.items() if found.search(source)), "")

    def packages(self) -> Iterator[str]:
        """The paths of the project's own top packages and modules."""
        for path in self.tree.paths:
            match = re.fullmatch(r"((?:src/)?[A-Za-z_]\w*)/__init__\.py", path)
            if match and not _TEST_FOLDER.search(f"{match[1]}/") and match[1] not in _ASIDE:
                yield match[1]


def _is_test(path: str) -> bool:
    if not path.endswith(".py") or _ASIDE.intersection(path.split("/")[:-1]):
        return False
    return bool(_TEST_NAME.search(path) or _TEST_FOLDER.search(path)) or path == "conftest.py"
