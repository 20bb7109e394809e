"""Linters and documentation: what is configured, and with what it is installed."""

import re

import msgspec

from fairlead.model import Install
from fairlead.pipeline.detect.named import Provider, named_by, providers
from fairlead.pipeline.detect.project import Project

_ALONE = frozenset({"ruff", "flake8"})
"""Tools that look at files only, and need nothing of the project installed."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A job beside the tests. It may fail where nothing says which version of it is meant."""

    name: str
    commands: tuple[str, ...]
    install: Install
    reason: str
    may_fail: bool = False


def find_linters(project: Project, base: Install) -> list[Check]:
    """The linters that are configured; ``base`` is the install of the tests."""
    found = []
    for tool, place in _configured(project).items():
        commands = _commands(project, tool)
        if commands:
            found.append(_check(project, base, tool, commands, place))
    return found


def _configured(project: Project) -> dict[str, str]:
    """Tools by name, each with the place of its configuration."""
    cfg, tox, own = project.setup_cfg, project.tox_ini, project.tool
    places = {
        "ruff": (
            "[tool.ruff] in pyproject.toml" if own("ruff") else "",
            project.first("ruff.toml", ".ruff.toml"),
        ),
        "flake8": (
            project.first(".flake8"),
            "[flake8] in setup.cfg" if cfg.has_section("flake8") else "",
            "[flake8] in tox.ini" if tox.has_section("flake8") else "",
        ),
        "mypy": (
            project.first("mypy.ini", ".mypy.ini"),
            "[tool.mypy] in pyproject.toml" if own("mypy") else "",
            "[mypy] in setup.cfg" if cfg.has_section("mypy") else "",
        ),
        "pylint": (
            project.first(".pylintrc", "pylintrc", ".pylintrc.toml", "pylintrc.toml"),
            "[tool.pylint] in pyproject.toml" if own("pylint") else "",
            "[pylint] in setup.cfg" if any(s.startswith("pylint") for s in cfg.sections()) else "",
        ),
    }
    return {
        tool: place for tool, found in places.items() if (place := next(filter(None, found), ""))
    }


def _commands(project: Project, tool: str) -> tuple[str, ...]:
    packages = " ".join(sorted(project.packages())) or " ".join(_modules(project))
    if tool == "ruff":
        formats = project.tool("ruff", "format") or "ruff-format" in _pre_commit(project)
        return ("ruff check .", *(["ruff format --check ."] if formats else []))
    if tool == "flake8":
        return ("flake8 .",)
    if tool == "mypy":
        return ("mypy",) if _mypy_targets(project) else (f"mypy {packages}",) if packages else ()
    return (f"pylint {packages}",) if packages else ()


def _modules(project: Project) -> list[str]:
    """Modules at the top, other than those that only build or configure."""
    aside = {"setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "manage.py"}
    names = (path for path in project.tree.paths if re.fullmatch(r"[A-Za-z_]\w*\.py", path))
    return [name for name in names if name not in aside and name not in project.test_files]


def _mypy_targets(project: Project) -> bool:
    keys = ("files", "packages", "modules")
    parsers = [(project.ini(path), "mypy") for path in ("mypy.ini", ".mypy.ini")]
    parsers.append((project.setup_cfg, "mypy"))
    written = any(
        parser.get(section, key, fallback="") for parser, section in parsers for key in keys
    )
    return written or any(project.tool("mypy").get(key) for key in keys)


def _check(
    project: Project, base: Install, tool: str, commands: tuple[str, ...], place: str
) -> Check:
    provided = tool in named_by(project, base)
    provider = next(providers(project, tool), None)
    hook = _hook_version(project, tool)
    alone = Install() if tool in _ALONE else base
    if hook and not provided:
        install = _with(alone, f"{tool}=={hook}")
        told = f"version {hook} from .pre-commit-config.yaml"
    elif provided:
        install, told = base, "named in the requirements of the tests"
    elif provider:
        install, told = _from(provider, base, tool), f"named in {provider.where}"
    else:
        install, told = _with(alone, tool), "named nowhere, so its newest version, which may fail"
    return Check(
        name=tool,
        commands=commands,
        install=install,
        reason=f"{place}; {told}",
        may_fail=not (provided or provider or hook),
    )


def _from(provider: Provider, base: Install, tool: str) -> Install:
    """A requirements file stands for itself; an extra or group is added to the tests' own."""
    if provider.kind != "file":
        return provider.added_to(base)
    return provider.added_to(Install() if tool in _ALONE else _bare(base))


def _bare(install: Install) -> Install:
    """The project alone, where it brings its own dependencies, without what the tests need."""
    if install.project == "none":
        return install
    return Install(project=install.project, constraints=install.constraints)


def _with(install: Install, requirement: str) -> Install:
    return msgspec.structs.replace(install, packages=(*install.packages, requirement))


def _pre_commit(project: Project) -> str:
    return project.text(".pre-commit-config.yaml")


_HOOKS = {
    "ruff": r"(?:astral-sh|charliermarsh)/ruff-pre-commit",
    "flake8": r"(?:pycqa|PyCQA)/flake8",
    "mypy": r"pre-commit/mirrors-mypy",
    "pylint": r"(?:pycqa|PyCQA|pylint-dev)/pylint",
}


def _hook_version(project: Project, tool: str) -> str:
    """The version that a pre-commit hook of the tool is pinned to.

    Read with an expression on purpose: the file's form is narrow, and only two lines matter.
    """
    pattern = rf"repo:\s*\S*{_HOOKS[tool]}\S*\s*(?:#.*)?\n(?:\s*#.*\n)*\s*rev:\s*[\"']?v?(\d[\w.]*)"
    match = re.search(pattern, _pre_commit(project))
    return match[1] if match else ""


def find_docs(project: Project, base: Install) -> Check | None:
    """Documentation built by Sphinx."""
    config = project.first(
        "docs/conf.py", "doc/conf.py", "docs/source/conf.py", "doc/source/conf.py",
        "docs/src/conf.py",
    )  # fmt: skip
    if not config or not _has_index(project, config):
        return None
    folder = config.rpartition("/")[0]
    command = f"sphinx-build -b html {folder} {folder.split('/')[0]}/_build/html"
    provider = next(providers(project, "sphinx"), None)
    if "sphinx" in named_by(project, base):
        install, told = base, "named in the requirements of the tests"
    elif provider:
        install = provider.added_to(_bare(base))
        if provider.kind != "file":
            install = msgspec.structs.replace(install, lock=base.lock)
        told = f"named in {provider.where}"
    else:
        install = _with_all(base, ("sphinx", *_sphinx_parts(project, config)))
        told = "sphinx is named nowhere, so its newest version, which may fail"
    return Check(
        name="docs",
        commands=(command,),
        install=install,
        reason=f"{config}; {told}",
        may_fail=not (provider or told.endswith("tests")),
    )


def _has_index(project: Project, config: str) -> bool:
    """Whether the documentation itself is there: distributions often hold only its beginning."""
    folder = config.rpartition("/")[0]
    names = ("index.rst", "index.md", "index.txt", "contents.rst")
    return any(f"{folder}/{name}" in project.paths for name in names)


def _with_all(install: Install, packages: tuple[str, ...]) -> Install:
    return msgspec.structs.replace(install, packages=(*install.packages, *packages))


_SPHINX_PARTS = {
    "furo": "furo", "sphinx_rtd_theme": "sphinx-rtd-theme", "myst_parser": "myst-parser",
    "alabaster": "alabaster", "pydata_sphinx_theme": "pydata-sphinx-theme",
    "sphinx_copybutton": "sphinx-copybutton", "sphinx_design": "sphinx-design",
    "sphinx_click": "sphinx-click", "sphinx_autodoc_typehints": "sphinx-autodoc-typehints",
    "sphinxcontrib.mermaid": "sphinxcontrib-mermaid", "nbsphinx": "nbsphinx",
    "numpydoc": "numpydoc", "recommonmark": "recommonmark", "pallets_sphinx_themes":
    "pallets-sphinx-themes", "sphinx_issues": "sphinx-issues", "sphinx_book_theme":
    "sphinx-book-theme", "sphinxcontrib.log_cabinet": "sphinxcontrib-log-cabinet",
    "sphinx_tabs": "sphinx-tabs", "sphinxext.opengraph": "sphinxext-opengraph",
}  # fmt: skip


def _sphinx_parts(project: Project, config: str) -> tuple[str, ...]:
    text = project.text(config)
    return tuple(name for part, name in _SPHINX_PARTS.items() if re.search(rf"['\"]{part}\b", text))
