"""Environments made again from what was recorded, whatever the index has by now."""

import shutil

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install
from fairlead.runner.environments import Environments, layer, read_request


@pytest.fixture
def again(project, python, tmp_path, environ):
    """Make an environment on another machine, as it was recorded."""

    def make(install, recorded, files=None, *, version, said=None):
        root = project(files or {}, name="elsewhere")
        request = read_request(install, root, interpreter=python(version))
        with Environments(tmp_path / "other-home", environ) as environments:
            told = (said if said is not None else []).append
            environment = environments.prepare(request, told, recorded=recorded, pip=False)
            return environment, layer(environment, tmp_path / "layer-again")

    return make


@pytest.mark.parametrize("version", ["3.6", "3.12"])
def test_recorded_versions_are_installed_and_nothing_is_resolved(again, shell, version):
    said = []
    install = Install(packages=("greet>=1",))
    environment, made = again(install, "greet==1.0\nother==3.0\n", version=version, said=said)
    assert environment.resolution.splitlines() == ["greet==1.0", "other==3.0"]
    if version == "3.12":  # others may have to be given a pip first
        assert not any("resolving" in text for text in said)
    shell(made.python, "-c", "import greet, other")


def test_what_is_recorded_is_recorded_alike(prepare, again):
    install = Install(packages=("greet",))
    first, _ = prepare(install, version="3.12")
    second, _ = again(install, first.resolution, version="3.12")
    assert (second.key, second.resolution) == (first.key, first.resolution)


def test_nothing_recorded_is_an_empty_environment(again):
    environment, _ = again(Install(packages=("greet",)), "", version="3.12")
    assert environment.resolution == ""


def test_a_package_of_the_projects_own_files_comes_from_there(prepare, again, wheels, tmp_path):
    install = Install(requirements=("requirements.txt",))
    vendored = "greet-1.0-py2.py3-none-any.whl"
    files = {"requirements.txt": f"./vendor/{vendored}\nlib\n"}

    def vendor(name):
        (tmp_path / name / "vendor").mkdir(parents=True)
        shutil.copy(wheels / vendored, tmp_path / name / "vendor" / vendored)

    vendor("project")
    vendor("elsewhere")
    first, _ = prepare(install, files, version="3.12")
    assert first.resolution.splitlines() == ["greet==1.0", "lib==1.5"]
    second, _ = again(install, first.resolution, files, version="3.12")
    assert second.key == first.key


def test_a_version_that_is_gone_is_told(again):
    with pytest.raises(EnvironmentFailed, match=r"greet==0\.9"):
        again(Install(packages=("greet",)), "greet==0.9\n", version="3.12")


@pytest.mark.network
def test_also_for_a_python_that_uv_does_not_know(online, project, python, shell, tmp_path):
    root = project({"r.txt": "six\n"})
    install = Install(requirements=("r.txt",))
    request = read_request(install, root, interpreter=python("2.7"))
    environment = online.prepare(request, recorded="iniconfig==1.1.1\nsix==1.15.0\n")
    assert environment.resolution.splitlines() == ["iniconfig==1.1.1", "six==1.15.0"]
    made = layer(environment, tmp_path / "layer")
    assert shell(made.python, "-c", "import six; print(six.__version__)") == "1.15.0"
