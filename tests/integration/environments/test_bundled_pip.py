"""Jobs that never call pip have one all the same: that of their Python, taken as it is."""

import pytest

from fairlead.model import Install
from fairlead.runner.environments import layer, read_request
from fairlead.runner.environments.tools import bundled


@pytest.fixture
def made(environments, project, python, tmp_path):
    def make(version):
        interpreter = python(version)
        if not bundled(interpreter):
            pytest.skip(f"Python {version} came without pip")
        request = read_request(Install(packages=("greet<2",)), project({}), interpreter=interpreter)
        environment = environments.prepare(request, pip=False)
        return environment, layer(environment, tmp_path / "layer")

    return make


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.12", "3.13"])
def test_pip_is_there_and_installs_into_the_layer(made, shell, wheels, version):
    environment, one = made(version)
    assert environment.notices == ()
    assert len(environment.parts) == 1
    assert "from" in shell(one.bin / "pip", "--version")
    quiet = ("--disable-pip-version-check", "--no-index", "--find-links", str(wheels))
    shell(one.python, "-m", "pip", "install", "-q", *quiet, "greet==2.0")
    code = "import greet; print(greet.__file__)"
    assert shell(one.python, "-c", code).startswith(str(one.site_packages))


def test_it_stands_behind_everything_else(made, shell):
    _, one = made("3.11")
    path = shell(one.python, "-c", "import sys; print(sys.path)")
    assert path.index("site-packages") < path.rindex("setuptools")
    shell(one.python, "-c", "import setuptools, pkg_resources")
