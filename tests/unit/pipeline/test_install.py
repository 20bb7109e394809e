"""What is installed, told from a project's files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.model import Install
from fairlead.pipeline.install import detect_install, project_kind
from fairlead.pipeline.metadata import extras_of, groups_of, poetry_requirement, read_toml
from fairlead.pipeline.tree import MemoryTree

BUILD = "[build-system]\nrequires = []\n"
HASHED = "flask==3 \\\n    --hash=sha256:abc\n"


def test_an_empty_project_needs_nothing():
    assert detect_install(MemoryTree({})) == Install()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["requirements.txt"], ["requirements.txt"]),
        (["requirements.txt", "requirements-dev.txt", "test-requirements.txt"], ["requirements-dev.txt", "requirements.txt", "test-requirements.txt"]),
        (["requirements_test.txt", "requirements.ci.txt"], ["requirements.ci.txt", "requirements_test.txt"]),
        (["requirements/base.txt", "requirements/test.txt", "requirements/prod.txt"], ["requirements/base.txt", "requirements/test.txt"]),
        (["docs/requirements.txt", "requirements-docs.txt", "requirements-prod.txt"], []),
    ],
)  # fmt: skip
def test_requirements_files_by_name(names, expected):
    found = detect_install(MemoryTree(dict.fromkeys(names, "flask\n")))
    assert found.requirements == tuple(expected)


def test_files_that_others_include_are_not_named_twice():
    tree = MemoryTree({
        "requirements.txt": "flask",
        "requirements/base.txt": "-r ../requirements.txt",
        "requirements/test.txt": "-r base.txt  # ours\npytest",
    })  # fmt: skip
    assert detect_install(tree).requirements == ("requirements/test.txt",)


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_a_whole_lock_fixes_everything(name):
    tree = MemoryTree(
        {
            name: "",
            "requirements.txt": "x",
            "constraints.txt": "x",
            "pyproject.toml": BUILD + "[dependency-groups]\ndev = ['x']\ndocs = []\n",
        }
    )
    assert detect_install(tree) == Install(lock=name, groups=("dev",), project="editable")


def test_a_requirements_file_with_hashes_is_a_lock():
    tree = MemoryTree({"requirements.txt": HASHED, "requirements-dev.txt": "pytest"})
    found = detect_install(tree)
    assert (found.lock, found.requirements) == ("requirements.txt", ("requirements-dev.txt",))


def test_several_files_with_hashes_stay_requirements():
    tree = MemoryTree({"requirements.txt": HASHED, "requirements-dev.txt": HASHED})
    found = detect_install(tree)
    assert (found.lock, found.requirements) == ("", ("requirements-dev.txt", "requirements.txt"))


def test_constraints():
    assert detect_install(MemoryTree({"constraints.txt": ""})).constraints == ("constraints.txt",)


def test_extras_and_groups_for_testing():
    tree = MemoryTree({
        "pyproject.toml": BUILD + "[project.optional-dependencies]\ntest = []\ndocs = []\nTesting = []\n[dependency-groups]\ndev = []\nlint = []\n",
        "setup.cfg": "[options.extras_require]\ntests =\n  pytest\npostgres = psycopg\n",
        "setup.py": "from setuptools import setup\nE = {'dev': ['a'], 'x': compute()}\nsetup(extras_require=E, tests_require=('mock', 'webtest'))",
    })  # fmt: skip
    found = detect_install(tree)
    assert found.extras == ("test", "Testing", "tests", "dev")
    assert found.groups == ("dev",)
    assert found.packages == ("mock", "webtest")
    assert extras_of(tree, read_toml(tree, "pyproject.toml")) == (
        "test",
        "docs",
        "Testing",
        "tests",
        "postgres",
        "dev",
        "x",
    )


def test_a_project_that_cannot_be_built_is_read_for_its_dependencies():
    tree = MemoryTree({"pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask']\n"})
    assert detect_install(tree) == Install(requirements=("pyproject.toml",))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "none"),
        ({"pyproject.toml": BUILD}, "editable"),
        ({"setup.py": ""}, "editable"),
        ({"setup.cfg": "[metadata]\nname = x"}, "editable"),
        ({"setup.cfg": "[flake8]\nignore = E1"}, "none"),
        ({"pyproject.toml": "[tool.ruff]"}, "none"),
        ({"pyproject.toml": BUILD + "[tool.uv]\npackage = false"}, "none"),
        ({"pyproject.toml": BUILD + "[tool.poetry]\npackage-mode = false"}, "none"),
    ],
)
def test_whether_the_project_itself_is_installed(files, expected):
    tree = MemoryTree(files)
    assert project_kind(tree, read_toml(tree, "pyproject.toml")) == expected


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("[tool.pdm.dev-dependencies]\ntest = ['pytest>=8']\nlint = ['ruff']", ("pytest>=8",)),
        ("[tool.uv]\ndev-dependencies = ['pytest', '-e file:///x']", ("pytest",)),
        ("[tool.hatch.envs.default]\ndependencies = ['pytest', '{x}']", ("pytest",)),
        ("[tool.poetry.dev-dependencies]\npytest = '^7.2'\npython = '^3.8'", ("pytest>=7.2,<8",)),
        ("[tool.poetry.group.test.dependencies]\na = '*'\nb = {version = '~1.2.3', extras = ['x', 'y']}\nc = {path = '../c'}", ("a", "b[x,y]>=1.2.3,<1.3", "c")),
    ],
)  # fmt: skip
def test_requirements_in_the_tables_of_tools(text, packages):
    assert detect_install(MemoryTree({"pyproject.toml": text})).packages == packages


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("^1.2.3", "a>=1.2.3,<2"), ("^0.2.3", "a>=0.2.3,<0.3"), ("^0.0.3", "a>=0.0.3,<0.0.4"), ("^0", "a>=0,<1"), ("~1", "a>=1,<2"),
        ("~1.2", "a>=1.2,<1.3"), ("~=1.2", "a~=1.2"), ("1.2.*", "a==1.2.*"), (">=1, <2", "a>=1,<2"), ("*", "a"), ("^x", "a"), (5, ""),
    ],
)  # fmt: skip
def test_poetrys_own_words(wanted, expected):
    assert poetry_requirement("a", wanted) == expected


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "setup.py"])
@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"[",
        b"print 'python 2'",
        b"x = '\\d'",
        b"(" * 5000,
        b"setup(extras_require=5, tests_require=f())",
        b"[options.extras_require\nx",
    ],
)
def test_broken_files_are_passed_over(name, data):
    assert isinstance(detect_install(MemoryTree({name: data})), Install)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt"]),
        st.binary(max_size=60),
    )
)
def test_any_bytes_are_survived(files):
    assert isinstance(detect_install(MemoryTree(files)), Install)


@pytest.mark.parametrize("value", ["1", "[1]", "'x'", "{a = 1}", "{a = {b = [1]}}"])
@pytest.mark.parametrize(
    "path",
    [
        "project.optional-dependencies",
        "dependency-groups",
        "tool.uv.dev-dependencies",
        "tool.poetry.group.dev",
        "tool.pdm.dev-dependencies",
        "tool.hatch.envs",
        "tool.poetry.dev-dependencies",
    ],
)
def test_tables_of_other_shapes_are_passed_over(path, value):
    tree = MemoryTree({"pyproject.toml": f"{path} = {value}\n"})
    assert isinstance(detect_install(tree), Install)


def test_groups_are_those_of_the_standard():
    assert groups_of({"dependency-groups": {"a": [], "b": []}}) == ("a", "b")
