"""What a request depends on, and on what not."""

from pathlib import Path

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install
from fairlead.pipeline.tree import MemoryTree
from fairlead.runner.environments.request import FolderTree, read_request
from fairlead.runner.environments.requirements import LocalProject
from fairlead.runner.environments.resolution import Resolution, environment_key
from fairlead.runner.pythons import Interpreter

PYTHON = Interpreter(
    path=Path("/opt/python/bin/python"),
    real=Path("/opt/python/bin/python3.12"),
    version="3.12.1",
    implementation="cpython",
    prefix=Path("/opt/python"),
    base_prefix=Path("/opt/python"),
    platform="linux-x86_64",
    abi="cpython-312",
    site="lib/python3.12/site-packages",
)
PROJECT = """
[project]
name = "bank"
version = "1"
dependencies = ["flask"]
[project.optional-dependencies]
test = ["pytest"]
[dependency-groups]
dev = ["ruff", {include-group = "docs"}]
docs = ["sphinx"]
[tool.pytest.ini_options]
addopts = "-q"
"""


def request(install, files, *, root="/ws", interpreter=PYTHON, **more):
    return read_request(
        install, Path(root), interpreter=interpreter, tree=MemoryTree(files), **more
    )


def test_requirements_packages_and_constraints():
    install = Install(
        requirements=("requirements.txt",), constraints=("constraints.txt",), packages=("six",)
    )
    found = request(install, {"requirements.txt": "flask", "constraints.txt": "flask<3"})
    assert found.lines == ("flask", "six")
    assert found.constraints == ("flask<3",)
    assert not found.empty


def test_nothing_asked_for_is_empty():
    assert request(Install(), {}).empty


def test_the_project_with_extras_and_groups():
    install = Install(project="editable", extras=("test",), groups=("dev",))
    found = request(install, {"pyproject.toml": PROJECT})
    assert found.projects == (LocalProject(path=".", extras=("test",), name="bank"),)
    assert (found.source, found.extras) == ("", ())
    assert found.groups == ("dev",)
    assert found.group_lines == ("ruff", "sphinx")


def test_extras_without_the_project_itself():
    found = request(Install(extras=("test",)), {"pyproject.toml": PROJECT})
    assert (found.source, found.extras, found.projects) == ("pyproject.toml", ("test",), ())


def test_groups_that_include_each_other_end():
    text = '[dependency-groups]\na = ["x", {include-group = "B"}]\nb = [{include-group = "a"}, "y"]'
    found = request(Install(groups=("a",)), {"pyproject.toml": text})
    assert found.group_lines == ("x", "y")


@pytest.mark.parametrize(
    ("install", "words"),
    [
        (Install(project="editable", extras=("tset",)), "no extra 'tset'\n  did you mean 'test'?"),
        (Install(extras=("zzz",)), "no extra 'zzz'\n  it has: test"),
        (Install(groups=("dve",)), "no dependency group 'dve'\n  did you mean 'dev'?"),
        (Install(lock="uv.lock"), "there is no lock file 'uv.lock'"),
        (Install(lock="poetry.lock"), "poetry.lock is not a kind of lock file"),
        (Install(requirements=("absent.txt",)), "there is no requirements file 'absent.txt'"),
    ],
)
def test_what_the_project_has_not_is_said(install, words):
    with pytest.raises(EnvironmentFailed) as caught:
        request(install, {"pyproject.toml": PROJECT, "poetry.lock": ""})
    assert words in str(caught.value)


def test_extras_of_a_project_without_any_metadata():
    with pytest.raises(EnvironmentFailed, match="there is no pyproject"):
        request(Install(extras=("test",)), {})


def test_names_of_extras_are_compared_as_packages_are():
    text = '[project]\nname="x"\n[project.optional-dependencies]\nbig_test = []'
    install = Install(project="editable", extras=("Big.Test",))
    assert request(install, {"pyproject.toml": text}).projects[0].extras == ("Big.Test",)


def test_dynamic_extras_are_left_to_the_build():
    text = '[project]\nname="x"\ndynamic = ["optional-dependencies"]'
    install = Install(project="editable", extras=("any",))
    assert request(install, {"pyproject.toml": text}).projects[0].extras == ("any",)


def test_a_hashed_file_as_lock_is_pinned():
    found = request(Install(lock="r.txt", packages=("flask",)), {"r.txt": "six==1 --hash=sha256:a"})
    assert (found.pinned, found.lock) == (("six==1 --hash=sha256:a",), "")
    assert found.lines == ("flask",)


def test_lock_files_of_uv_and_pep_751_keep_extras_and_groups():
    install = Install(lock="uv.lock", project="editable", extras=("test",), groups=("dev",))
    found = request(install, {"uv.lock": "version = 1", "pyproject.toml": PROJECT})
    assert (found.lock, found.extras, found.groups) == ("uv.lock", ("test",), ("dev",))
    assert request(Install(lock="pylock.dev.toml"), {"pylock.dev.toml": ""}).lock


# --- identity ---


def same(install, one, other, **more):
    return request(install, one).identity() == request(install, other, **more).identity()


def test_the_place_of_the_project_is_no_part_of_the_identity():
    files = {"pyproject.toml": PROJECT}
    assert same(Install(project="editable"), files, files, root="/elsewhere")


def test_settings_of_other_tools_do_not_matter():
    other = PROJECT.replace('"-q"', '"-v"')
    assert same(Install(project="editable"), {"pyproject.toml": PROJECT}, {"pyproject.toml": other})


@pytest.mark.parametrize(
    "change",
    [
        ('["flask"]', '["flask>2"]'),
        ('["pytest"]', '["pytest>8"]'),
        ("[tool.pytest", "[tool.uv]\nprerelease='allow'\n[tool.pytest"),
        ('["sphinx"]', '["sphinx>8"]'),
    ],
)
def test_dependencies_and_uvs_settings_matter(change):
    files = {"pyproject.toml": PROJECT}, {"pyproject.toml": PROJECT.replace(*change)}
    assert not same(Install(project="editable", groups=("dev",)), *files)


def test_files_a_setup_py_names_matter_and_others_do_not():
    setup = "setup(install_requires=open('deps/run.txt').read())"
    install = Install(project="editable")
    one = {"setup.py": setup, "deps/run.txt": "six", "app.py": "1"}
    assert same(install, one, one | {"app.py": "2"})
    assert not same(install, one, one | {"deps/run.txt": "flask"})


def test_local_wheels_matter_by_their_bytes():
    install = Install(packages=("./a.whl",))
    assert not same(install, {"a.whl": "1"}, {"a.whl": "2"})


def test_interpreters_matter():
    from msgspec.structs import replace

    files = {"requirements.txt": "six"}
    install = Install(requirements=("requirements.txt",))
    assert same(install, files, files, interpreter=replace(PYTHON, path=Path("/usr/bin/python")))
    for name, value in (("version", "3.12.2"), ("real", Path("/x")), ("abi", "cpython-312d")):
        assert not same(install, files, files, interpreter=replace(PYTHON, **{name: value}))


def key(install, files, indexes="i", lines=("six==1",), **more):
    return environment_key(request(install, files, **more), Resolution(lines=lines), indexes)


def test_environments_are_equal_by_what_was_resolved():
    one = {"requirements.txt": "six"}
    install = Install(requirements=("requirements.txt",))
    first = key(install, one)
    assert first == key(install, {"requirements.txt": "six>=1"})
    assert first != key(install, one, lines=("six==2",))


def test_strangers_and_other_indexes_get_environments_of_their_own():
    # A fork's --index-url must not be able to leave its own "six" for everybody.
    one = {"requirements.txt": "six"}
    install = Install(requirements=("requirements.txt",))
    evil = {"requirements.txt": "--index-url https://evil/simple\nsix"}
    keys = {
        key(install, one),
        key(install, evil),
        key(install, one, indexes="other"),
        key(install, one, trust="untrusted"),
    }
    assert len(keys) == 4


# --- files on disk ---


def test_a_folder_shows_nothing_that_lies_outside(tmp_path):
    (tmp_path / "secret.txt").write_text("token")
    root = tmp_path / "project"
    root.mkdir()
    (root / "requirements.txt").symlink_to("../secret.txt")
    (root / "loop.txt").symlink_to("loop.txt")
    (root / "real.txt").write_text("six")
    (root / "link.txt").symlink_to("real.txt")
    tree = FolderTree(root)
    assert tree.read("requirements.txt") is None
    assert tree.read("../secret.txt") is None
    assert tree.read(str(tmp_path / "secret.txt")) is None
    assert tree.read("loop.txt") is None
    assert tree.read("a\0b") is None
    assert tree.read("link.txt") == b"six"
    with pytest.raises(EnvironmentFailed, match="there is no requirements file"):
        read_request(Install(requirements=("requirements.txt",)), root, interpreter=PYTHON)
