"""Distributions that tests visibly use and no file of the project names."""

import re
from collections.abc import Iterator

from fairlead.pipeline.detect.named import canonical, extra_requirements
from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.testing import pytest_option
from fairlead.pipeline.metadata import extras_of

# Only well-known names: an unknown import is never turned into something to install.
_IMPORTS = {
    "aiohttp": "aiohttp", "anyio": "anyio", "bs4": "beautifulsoup4", "chardet": "chardet",
    "ddt": "ddt", "django": "django", "factory": "factory-boy", "faker": "faker",
    "fakeredis": "fakeredis", "flask": "flask", "freezegun": "freezegun", "httpretty": "httpretty",
    "httpx": "httpx", "hypothesis": "hypothesis", "jsonschema": "jsonschema", "lxml": "lxml",
    "mock": "mock", "model_bakery": "model-bakery", "moto": "moto", "nose": "nose",
    "numpy": "numpy", "parameterized": "parameterized", "pexpect": "pexpect",
    "psutil": "psutil", "pyfakefs": "pyfakefs", "pytest_asyncio": "pytest-asyncio",
    "pytz": "pytz", "requests": "requests", "requests_mock": "requests-mock",
    "respx": "respx", "responses": "responses", "schema": "schema", "selenium": "selenium",
    "six": "six", "sure": "sure", "testfixtures": "testfixtures", "time_machine": "time-machine",
    "trio": "trio", "trustme": "trustme", "uvicorn": "uvicorn", "vcr": "vcrpy",
    "webtest": "webtest", "werkzeug": "werkzeug", "yaml": "pyyaml",
}  # fmt: skip

# What in the tests' sources or pytest's options asks for which plugin.
_IN_SOURCES = {
    r"@pytest\.mark\.(?:asyncio|asyncio\b)": "pytest-asyncio",
    r"@pytest\.mark\.trio\b": "pytest-trio",
    r"@pytest\.mark\.django_db\b": "pytest-django",
    r"@pytest\.mark\.freeze_time\b": "pytest-freezer",
    r"@pytest\.mark\.benchmark\b": "pytest-benchmark",
    r"@pytest\.mark\.timeout\(": "pytest-timeout",
    r"^\s*(?:async )?def test\w*\([^)]*\bmocker\b": "pytest-mock",
    r"^\s*(?:async )?def test\w*\([^)]*\bbenchmark\b": "pytest-benchmark",
    r"^\s*(?:async )?def test\w*\([^)]*\bsubtests\b": "pytest-subtests",
    r"^\s*(?:async )?def test\w*\([^)]*\bhttpserver\b": "pytest-httpserver",
    r"^\s*(?:async )?def test\w*\([^)]*\brequests_mock\b": "requests-mock",
}
_IN_OPTIONS = {
    r"--cov\b": "pytest-cov",
    r"(?:^|\s)(?:-n[\s=]?\w+|--numprocesses|--dist)": "pytest-xdist",
    r"--timeout\b": "pytest-timeout",
    r"--ds[\s=]|--reuse-db": "pytest-django",
    r"--benchmark-": "pytest-benchmark",
    r"--random-order": "pytest-random-order",
    r"--(?:flake8|black|mypy|isort)\b": "",
    r"--ignore-glob": "",
}
_SETTINGS = {
    "asyncio_mode": "pytest-asyncio",
    "DJANGO_SETTINGS_MODULE": "pytest-django",
    "timeout": "pytest-timeout",
    "env": "pytest-env",
    "mock_use_standalone_module": "pytest-mock",
}


def missing_helpers(project: Project, named: frozenset[str], tool: str) -> dict[str, str]:
    """Names of distributions to add, with what shows that they are needed."""
    found = dict(_imported(project))
    if tool == "pytest":
        found = dict(_plugins(project)) | found
    return {name: why for name, why in found.items() if name not in named}


def needed_extras(project: Project) -> dict[str, str]:
    """The project's own extras whose distributions its tests import, and where."""
    found = {}
    for extra in extras_of(project.tree, project.pyproject):
        for line in extra_requirements(project, extra):
            module = canonical(line).replace("-", "_")
            if path := project.test_imports.get(module):
                found[extra] = f"{path} imports {module}"
    return found


def _imported(project: Project) -> Iterator[tuple[str, str]]:
    own = {path.split("/")[-1] for path in project.packages()}
    own |= {path.split("/")[-1].removesuffix(".py") for path in project.paths}
    own |= {part for path in project.test_files for part in path.split("/")[:-1]}
    for name, path in project.test_imports.items():
        if name in _IMPORTS and name not in own:
            yield _IMPORTS[name], f"{path} imports {name}"


def _plugins(project: Project) -> Iterator[tuple[str, str]]:
    options = pytest_option(project, "addopts")
    for pattern, name in _IN_OPTIONS.items():
        if name and re.search(pattern, options):
            yield name, f"pytest's options are {options}"
    for setting, name in _SETTINGS.items():
        if pytest_option(project, setting):
            yield name, f"pytest is configured with {setting}"
    for pattern, name in _IN_SOURCES.items():
        if path := project.in_tests(pattern):
            yield name, f"{path} uses it"
