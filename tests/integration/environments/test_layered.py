"""Layers over real environments: what a step installs stays there; old Pythons too."""

import os

import pytest

from fairlead.model import Install
from fairlead.runner.environments import Environments, layer

GREET = Install(packages=("greet<2",))


def listing(folder):
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


def test_what_a_step_installs_touches_only_its_layer(prepare, home, with_pip, wheels, shell):
    with Environments(home, with_pip) as using:
        environment, one = prepare(GREET, using=using, version="3")
        other = layer(environment, one.folder.parent / "other")
        before = [listing(part.path) for part in environment.parts]
        quiet = ("--disable-pip-version-check", "--no-index", "--find-links", str(wheels))
        shell(one.bin / "pip", "install", "-q", *quiet, "greet==2.0", env=dict(one.variables))
        code = "import importlib.metadata as m; print(m.version('greet'))"
        assert shell(one.python, "-c", code) == "2.0"
        assert shell(other.python, "-c", code) == "1.0"
        assert [listing(part.path) for part in environment.parts] == before
        assert str(one.site_packages) in shell(one.bin / "greet")
        assert str(environment.site_packages) in shell(other.bin / "greet")
        shell(one.python, "-m", "pip", "uninstall", "-q", "-y", "greet")
        assert shell(one.python, "-c", code) == "1.0"


def test_pip_sees_what_is_stored(prepare, home, with_pip, shell):
    with Environments(home, with_pip) as using:
        _, made = prepare(GREET, using=using, version="3")
        assert "Requirement already satisfied" in shell(
            made.bin / "pip", "install", "--no-index", "greet<2"
        )


def test_steps_without_pip_are_told_why(prepare):
    environment, _ = prepare(GREET)
    assert any(notice.startswith("steps cannot use pip: ") for notice in environment.notices)


def test_a_virtual_environment_on_top(prepare, shell, tmp_path):
    _, made = prepare(GREET)
    shell(made.python, "-m", "venv", "--without-pip", tmp_path / "inner")
    code = "import sys; print(sys.base_prefix)"
    base = str(made.environment.interpreter.base_prefix)
    assert shell(tmp_path / "inner/bin/python", "-c", code) == base


@pytest.mark.network
@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_old_pythons(prepare, online, shell, version):
    install = Install(requirements=("r.txt",))
    files = {"r.txt": "six\niniconfig\nattrs; python_version > '9'\n"}
    environment, made = prepare(install, files, version=version, using=online)
    names = [line.partition("==")[0] for line in environment.resolution.splitlines()]
    assert names == ["iniconfig", "six"]
    code = "import sys, six, pip; print(sys.version.split()[0] + ' ' + sys.prefix + ' ' + six.__file__)"
    answer = shell(made.python, "-c", code).split()
    assert answer[:2] == [environment.interpreter.version, str(made.folder)]
    assert answer[2].startswith(str(environment.site_packages))
    again, other = prepare(install, files, version=version, using=online)
    assert (again.key, again.reused) == (environment.key, True)
    before = listing(environment.path)
    env = {
        name: value
        for name, value in os.environ.items()
        if "proxy" in name.lower() or "CERT" in name
    }
    env |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    shell(
        made.bin / "pip", "install", "-q", "itsdangerous<2", env=env | {"HOME": os.environ["HOME"]}
    )
    code = "import itsdangerous; print(itsdangerous.__file__)"
    assert shell(made.python, "-c", code).startswith(str(made.site_packages))
    assert "ImportError" in shell(other.python, "-c", code, check=False).replace(
        "ModuleNotFound", "Import"
    )
    assert listing(environment.path) == before
    assert any(environment.site_packages.rglob("*.pyc"))
