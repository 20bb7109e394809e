"""Stored environments in real interpreters: what is in them and how they are shared."""

import importlib.util
import marshal
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install
from fairlead.runner.environments import Environments, layer, read_request

GREET = Install(packages=("greet",))
VERSIONS = ["3.6", "3.8", "3.12", "3.13"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_environment_is_built_and_used(prepare, shell, version):
    said = []
    environment, made = prepare(GREET, version=version, said=said)
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]
    assert (environment.reused, len(said) >= 2) == (False, True)
    code = "import sys, greet, lib; print(sys.version.split()[0] + ' ' + greet.__file__)"
    answer = shell(made.python, "-c", code).split()
    assert answer == [environment.interpreter.version, str(environment.site_packages / "greet.py")]
    # A console script runs in the layer, where the project and what steps install is seen.
    assert shell(made.bin / "greet").split()[:2] == ["hello", str(made.folder)]


@pytest.mark.parametrize("version", VERSIONS)
def test_stored_scripts_run_the_stored_environment(prepare, shell, version):
    environment, _ = prepare(GREET, version=version)
    where = f"{environment.path} {environment.site_packages / 'greet.py'}"
    assert shell(environment.path / "bin" / "greet") == f"hello {where}"
    for file in environment.path.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert b".build-" not in file.read_bytes(), file


@pytest.mark.parametrize("version", VERSIONS)
def test_byte_code_is_there_and_names_its_final_place(prepare, version):
    environment, _ = prepare(GREET, version=version)
    compiled = {path.name.partition(".")[0] for path in environment.path.rglob("*.pyc")}
    assert {"greet", "__init__"} <= compiled  # old.py does not compile, and that is no error
    if environment.interpreter.numbers[:2] == sys.version_info[:2]:
        source = str(environment.site_packages / "greet.py")
        code = Path(importlib.util.cache_from_source(source)).read_bytes()[16:]
        assert marshal.loads(code).co_filename == source


def test_byte_code_is_believed(prepare, shell):
    environment, made = prepare(GREET)
    out = shell(made.python, "-v", "-c", "import greet")
    source = environment.site_packages / "greet.py"
    assert f"{importlib.util.cache_from_source(source)} matches {source}" in out


def test_no_file_in_it_may_be_written_yet_all_can_be_removed(prepare):
    environment, _ = prepare(GREET)
    for path in environment.path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not path.stat().st_mode & 0o222, path
    shutil.rmtree(environment.path)  # as `rm -r` does, changing no modes


def test_neither_pip_nor_setuptools_are_in_it(prepare):
    environment, _ = prepare(GREET)
    names = set(os.listdir(environment.site_packages))
    assert not any(name.startswith(("pip", "setuptools", "_virtualenv")) for name in names)


def test_a_second_request_starts_no_program(prepare, home, with_pip, project, monkeypatch):
    install = Install(requirements=("requirements.txt",), project="editable")
    root = project({"requirements.txt": "greet<2", "pyproject.toml": STATIC})
    with Environments(home, with_pip) as early:
        first, made = prepare(install, root=root, using=early, version="3")

    def refuse(*args, **more):
        raise AssertionError(args)

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    with Environments(home, with_pip) as fresh:
        request = read_request(install, root, interpreter=first.interpreter)
        second = fresh.prepare(request, pytest.fail)
        assert (second.key, second.reused, second.projects) == (first.key, True, first.projects)
        assert layer(second, made.folder.parent / "another").python.exists()


STATIC = '[build-system]\nrequires=[]\nbuild-backend="x"\nbackend-path=["."]\n[project]\nname="p"\nversion="1"\ndependencies=["lib"]\n'


def test_the_project_is_not_stored_but_what_it_needs_is(prepare):
    environment, _ = prepare(Install(project="editable"), {"pyproject.toml": STATIC})
    assert environment.resolution == "lib==1.5"
    assert [(p.path, p.mode, p.name) for p in environment.projects] == [(".", "editable", "p")]


def test_a_package_that_needs_the_project_itself_does_not_bring_another_copy(prepare):
    # Whoever tests "lib" with "greet", which needs "lib", wants their own.
    text = STATIC.replace('name="p"', 'name="lib"').replace('version="1"', 'version="1.9"')
    text = text.replace('["lib"]', "[]")
    environment, _ = prepare(
        Install(project="editable", packages=("greet",)), {"pyproject.toml": text}
    )
    assert environment.resolution == "greet==2.0"


def test_groups_extras_and_constraints(prepare):
    text = (
        STATIC
        + '[project.optional-dependencies]\ntest=["greet"]\n[dependency-groups]\ndev=["lib"]\n'
    )
    files = {"pyproject.toml": text, "constraints.txt": "greet<2"}
    install = Install(extras=("test",), groups=("dev",), constraints=("constraints.txt",))
    environment, _ = prepare(install, files)
    assert environment.resolution.splitlines() == ["greet==1.0", "lib==1.5"]
    assert environment.projects == ()


def test_local_wheels_and_folders_of_the_project(prepare, wheels, project):
    root = project({"requirements.txt": "./vendor/lib-1.5-py2.py3-none-any.whl\n-e ./libs/own\n",
                    "libs/own/pyproject.toml": STATIC.replace('["lib"]', '["greet<2"]')})  # fmt: skip
    (root / "vendor").mkdir()
    wheel = wheels / "lib-1.5-py2.py3-none-any.whl"
    (root / "vendor" / wheel.name).write_bytes(wheel.read_bytes())
    environment, _ = prepare(Install(requirements=("requirements.txt",)), root=root)
    assert environment.resolution.splitlines() == ["greet==1.0", "lib==1.5"]
    assert [project.path for project in environment.projects] == ["libs/own"]


def test_editing_a_file_here_does_not_show_there(prepare, environments, python, project, tmp_path):
    # Hard links and clones share a file with uv's cache, and so with every later environment.
    first, _ = prepare(GREET)
    spoilt = first.site_packages / "greet.py"
    assert spoilt.stat().st_nlink == 1
    spoilt.chmod(0o644)
    with spoilt.open("r+") as file:
        file.write("spoilt = True\n#")
    second, _ = prepare(Install(packages=("greet", "other")))
    third, _ = prepare(Install(packages=("greet<2", "lib")))
    for environment in (second, third):
        assert "spoilt" not in (environment.site_packages / "greet.py").read_text()


def test_requirements_that_cannot_be_met_are_explained(prepare, environments):
    with pytest.raises(EnvironmentFailed) as caught:
        prepare(Install(packages=("greet==99",)))
    words = str(caught.value)
    assert words.startswith("the requirements cannot be resolved for Python 3.")
    assert "greet==99" in words
    assert "unsatisfiable" in words
    assert environments.list() == ()


def test_requirements_that_contradict_each_other(prepare):
    with pytest.raises(EnvironmentFailed, match="greet"):
        prepare(Install(packages=("greet>1",), constraints=("c.txt",)), {"c.txt": "greet<2"})


def test_a_line_that_is_no_requirement(prepare):
    with pytest.raises(EnvironmentFailed, match="cannot be resolved"):
        prepare(Install(requirements=("r.txt",)), {"r.txt": "flask === = nonsense !!"})


def test_nothing_asked_for_is_an_empty_environment(prepare, shell):
    environment, made = prepare(Install())
    assert environment.resolution == ""
    assert shell(made.python, "-c", "print(1)") == "1"


def test_two_threads_get_the_same(environments, project, python):
    request = read_request(GREET, project({}), interpreter=python())
    found, said = [], []

    def ask():
        found.append(environments.prepare(request, said.append))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.key for one in found}) == 1
    assert sum("building" in line and "2 packages" in line for line in said) == 1


def test_pruning_leaves_what_a_run_uses(prepare, environments, environ):
    environment, _ = prepare(GREET)
    with Environments(environments.home, environ) as other:
        assert [(one.key, one.in_use) for one in other.list()] == [(environment.key, True)]
        assert other.prune(0) == ()
        environments.close()
        assert [one.key for one in other.prune(0, dry_run=True)] == [environment.key]
        assert [one.key for one in other.prune(0)] == [environment.key]
        assert other.list() == ()
    again, made = prepare(GREET)
    assert not again.reused
    assert made.python.exists()
