"""How a project's tests are run: pytest, Django's runner, unittest, behave."""

import re

import msgspec

from fairlead.pipeline.detect.project import Project


class TestRun(msgspec.Struct, frozen=True, kw_only=True):
    """One way to run tests: the job's name, its commands, and why.

    ``needs`` are distributions that must be installed, whoever names them.
    """

    __test__ = False

    name: str
    tool: str
    commands: tuple[str, ...]
    reason: str
    needs: tuple[str, ...] = ()


def find_tests(project: Project, named: frozenset[str]) -> TestRun | None:
    """The runner of a project's tests; ``named`` are the distributions its files name."""
    config = pytest_config(project)
    manage = project.first("manage.py", "src/manage.py")
    if config or "pytest-django" in named:
        return _pytest(project, config or "the requirements name pytest-django")
    if manage and "django" in project.text(manage).lower():
        command = _in_folder(manage, "python manage.py test")
        return TestRun(name="tests", tool="django", commands=(command,), reason=manage)
    if "runtests.py" in project.paths:
        return TestRun(
            name="tests", tool="runtests", commands=("python runtests.py",), reason="runtests.py"
        )
    if reason := _pytest_style(project, named):
        return _pytest(project, reason)
    return _unittest(project)


def find_features(project: Project) -> TestRun | None:
    """Features of behave, where they and their steps are there."""
    folder = next(
        (
            match[1]
            for path in project.tree.paths
            if (match := re.fullmatch(r"((?:[\w-]+/)?features)/(?:.*/)?[^/]+\.feature", path))
        ),
        "",
    )
    steps = rf"{re.escape(folder)}/(?:.*/)?(?:steps|environment)[^/]*(?:/[^/]+)?\.py"
    if not folder or not any(re.fullmatch(steps, path) for path in project.tree.paths):
        return None
    command = "behave" if folder == "features" else f"behave {folder}"
    return TestRun(
        name="features",
        tool="behave",
        commands=(command,),
        reason=f"{folder}/ with features and steps",
        needs=("behave",),
    )


def pytest_config(project: Project) -> str:
    """Where pytest is configured, or empty."""
    if "ini_options" in project.tool("pytest"):
        return "[tool.pytest.ini_options] in pyproject.toml"
    if project.tool("pytest"):
        return "[tool.pytest] in pyproject.toml"
    if found := project.first("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"):
        return found
    if project.tox_ini.has_section("pytest"):
        return "[pytest] in tox.ini"
    if project.setup_cfg.has_section("tool:pytest"):
        return "[tool:pytest] in setup.cfg"
    return ""


def pytest_option(project: Project, name: str) -> str:
    """An option of pytest's configuration as text, lists joined by blanks."""
    tables = (project.tool("pytest", "ini_options"), project.tool("pytest"))
    for found in (table.get(name) for table in tables):
        if isinstance(found, list):
            return " ".join(map(str, found))
        if found is not None and not isinstance(found, dict):
            return str(found)
    parsers = [(project.tox_ini, "pytest"), (project.setup_cfg, "tool:pytest")]
    parsers += [(project.ini(path), "pytest") for path in ("pytest.ini", ".pytest.ini")]
    values = (parser.get(section, name, fallback="") for parser, section in parsers)
    return next((" ".join(value.split()) for value in values if value), "")


def _pytest_style(project: Project, named: frozenset[str]) -> str:
    if path := project.in_tests(r"^\s*(?:import|from)\s+_?pytest\b"):
        return f"{path} imports pytest"
    if path := next((p for p in project.test_files if p.endswith("conftest.py")), ""):
        return path
    if path := project.in_tests(r"^(?:async )?def test_\w*\("):
        return f"{path} has test functions"
    if "pytest" in named and _unittest(project):
        return "the requirements name pytest"
    return ""


def _pytest(project: Project, reason: str) -> TestRun:
    program = "pytest" if project.install.project != "none" else "python -m pytest"
    folder = "" if pytest_option(project, "testpaths") else _folder_of_tests(project)
    command = f"{program} {folder}".strip()
    return TestRun(
        name="tests", tool="pytest", commands=(command,), reason=reason, needs=("pytest",)
    )


def _folder_of_tests(project: Project) -> str:
    """The folder to name where files elsewhere look like tests and are not the project's."""
    folders = [name for name in ("tests", "test", "testing") if _holds_tests(project, name)]
    looks = [path for path in project.paths if re.search(r"(?:^|/)test_[^/]*\.py$", path)]
    strays = [path for path in looks if path not in project.test_files]
    return folders[0] if folders and strays else ""


def _holds_tests(project: Project, folder: str) -> bool:
    return any(
        path.startswith(f"{folder}/") and "test" in path.rsplit("/", 1)[-1]
        for path in project.test_files
    )


def _unittest(project: Project) -> TestRun | None:
    path = project.in_tests(r"\bunittest\b.*|TestCase\)")
    if not path:
        return None
    reason = f"{path} uses unittest"
    if path in ("tests.py", "test.py"):
        command = f"python -m unittest {path.removesuffix('.py')}"
    else:
        command = f"python -m unittest discover{_discovery(project, path)}"
    return TestRun(name="tests", tool="unittest", commands=(command,), reason=reason)


def _discovery(project: Project, path: str) -> str:
    """Options for ``unittest discover``: where the tests are, from where they are imported."""
    folder = path.rpartition("/")[0]
    if not folder:
        return ""
    while "/" in folder and f"{folder.rpartition('/')[0]}/__init__.py" in project.paths:
        parent = folder.rpartition("/")[0]
        if not re.search(r"(?:^|/)(?:tests?|testing)(?:/|$)", parent):
            break
        folder = parent
    if f"{folder}/__init__.py" not in project.paths:
        return f" -s {folder}"
    top = folder.split("/")[0] if folder.startswith("src/") else "."
    return f" -s {folder} -t {top}"


def _in_folder(path: str, command: str) -> str:
    folder = path.rpartition("/")[0]
    return f"cd {folder} && {command}" if folder else command
