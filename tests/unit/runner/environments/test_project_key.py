"""When an earlier installation of a project may be used again."""

import pytest

from fairlead.pipeline.tree import MemoryTree
from fairlead.runner.environments.project_key import project_key
from fairlead.runner.environments.requirements import LocalProject


def pyproject(backend="setuptools.build_meta", requires='"setuptools"', more=""):
    return f"""
[build-system]
build-backend = "{backend}"
requires = [{requires}]
[project]
name = "bank"
version = "1"
{more}
"""


def key(files, whole="tree1", mode="editable", **more):
    tree = MemoryTree(files)
    facts = {"environment": "e", "inside": "/ws"} | more
    return project_key(LocalProject(path=".", mode=mode), tree, tree.paths, whole=whole, **facts)


FILES = {"pyproject.toml": pyproject(), "src/bank/__init__.py": "", "README.md": "hello"}

STATIC = [
    pyproject(),
    pyproject("hatchling.build", '"hatchling>=1"'),
    pyproject("flit_core.buildapi", '"flit_core"'),
    pyproject("poetry.core.masonry.api", '"poetry-core"'),
    pyproject("pdm.backend", '"pdm-backend"'),
    pyproject("uv_build", '"uv_build>=0.8,<1"'),
    '[build-system]\nbuild-backend="poetry.core.masonry.api"\nrequires=["poetry-core"]\n[tool.poetry]\n',
]

CODE = [
    pyproject(requires='"setuptools", "setuptools-scm"'),
    pyproject(requires='"setuptools", "Cython"'),
    pyproject("hatchling.build", '"hatchling", "hatch-vcs"'),
    pyproject("mesonpy", '"meson-python"'),
    pyproject("maturin", '"maturin"'),
    pyproject(more="[[tool.setuptools.ext-modules]]\nname = 'x'"),
    pyproject("hatchling.build", '"hatchling"', "[tool.hatch.build.hooks.custom]"),
    pyproject("hatchling.build", '"hatchling"', "[tool.hatch.build.targets.wheel.hooks.custom]"),
    pyproject("hatchling.build", '"hatchling"', "[tool.hatch.metadata.hooks.custom]"),
    pyproject("pdm.backend", '"pdm-backend"', "[tool.pdm.build]\ncustom-hook = 'x.py'"),
    pyproject().replace("[project]", "backend-path = ['.']\n[project]"),
    pyproject(more="dynamic = ['version']"),
    pyproject(more="dynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'bank.v'}"),
    pyproject(
        "hatchling.build",
        '"hatchling"',
        "dynamic = ['version']\n[tool.hatch.version]\nsource = 'vcs'",
    ),
    "[tool.black]",
    "",
    "[[[",
]


@pytest.mark.parametrize("text", STATIC)
def test_pure_projects_are_installed_again_only_for_packaging(text):
    files = FILES | {"pyproject.toml": text}
    first = key(files)
    assert first == key(files | {"src/bank/__init__.py": "changed"}, whole="tree2")
    assert first == key(files, whole="")
    assert first != key(files | {"src/bank/new.py": ""})
    renamed = {name.replace("bank/", "shop/"): data for name, data in files.items()}
    assert first != key(renamed)
    assert first != key(files | {"pyproject.toml": text + "\n[tool.x]"})
    assert first != key(files | {"setup.cfg": "[options]"})


@pytest.mark.parametrize("text", CODE)
def test_whatever_runs_code_depends_on_everything(text):
    files = FILES | {"pyproject.toml": text, "src/bank/__init__.py": "v = compute()"}
    assert key(files) == key(files)
    assert key(files) != key(files, whole="tree2")
    assert key(files, whole="") is None


def test_a_setup_py_runs_code():
    files = FILES | {"setup.py": ""}
    assert key(files) != key(files, whole="tree2")


def test_a_wheel_holds_all_the_files():
    assert key(FILES, mode="wheel") != key(FILES, mode="wheel", whole="tree2")


def test_place_mode_and_environment_matter():
    keys = {
        key(FILES),
        key(FILES, mode="wheel"),
        key(FILES, inside="/x"),
        key(FILES, environment="f"),
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (
            pyproject(more="dynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'bank.v'}"),
            "src/bank/__init__.py",
        ),
        (
            pyproject(more="dynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {file = 'VERSION'}"),
            "VERSION",
        ),
        (
            pyproject("hatchling.build", '"hatchling"', "dynamic = ['version']\n[tool.hatch.version]\npath = 'src/bank/v.py'"),
            "src/bank/v.py",
        ),
        (
            pyproject("flit_core.buildapi", '"flit_core"', "dynamic = ['version', 'description']"),
            "src/bank/__init__.py",
        ),
        (pyproject(more="readme = 'README.md'"), "README.md"),
    ],
)  # fmt: skip
def test_files_that_metadata_is_read_from_matter(text, file):
    files = FILES | {"pyproject.toml": text, "src/bank/other.py": "1", file: "v = '1'"}
    first = key(files)
    assert first == key(files | {"src/bank/other.py": "2"}, whole="tree2")
    assert first != key(files | {file: "v = '2'"})
