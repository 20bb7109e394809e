"""Lock files and hashes, and an index that answers or does not."""

import os
import shutil
import subprocess

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install
from fairlead.runner.environments import Environments, read_request
from fairlead.runner.environments.command import find_uv

PYPROJECT = """\
[project]
name = "bank"
version = "1"
requires-python = ">=3.8"
dependencies = ["lib"]
[project.optional-dependencies]
test = ["greet"]
[dependency-groups]
dev = ["other"]
[tool.uv]
package = true
"""


@pytest.fixture
def served(environ, index):
    """A person's variables with our index over HTTP."""
    own = {name: value for name, value in environ.items() if not name.startswith("PIP_")}
    return own | {
        "UV_DEFAULT_INDEX": index.url,
        "PIP_CONFIG_FILE": os.devnull,
        "UV_HTTP_RETRIES": "0",
    }


@pytest.fixture
def using(home, served):
    with Environments(home, served) as made:
        yield made


def uv(served, root, *args):
    env = served | {"UV_CACHE_DIR": str(root.parent / "cache"), "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(
        (find_uv(served), *args), cwd=root, env=env, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def locked(project, served, python):
    root = project({"pyproject.toml": PYPROJECT})
    uv(served, root, "lock", "-q", "--python", python().real)
    return root


def test_uv_lock(prepare, using, locked, home):
    install = Install(lock="uv.lock", project="editable", extras=("test",))
    environment, _ = prepare(install, root=locked, using=using)
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]
    assert [(p.path, p.mode) for p in environment.projects] == [(".", "editable")]
    environment, _ = prepare(Install(lock="uv.lock", groups=("dev",)), root=locked, using=using)
    assert environment.resolution.splitlines() == ["lib==1.5", "other==3.0"]
    assert environment.projects == ()
    assert {file.name for file in home.glob("resolutions/*/fixed.json")} == {"fixed.json"}


def test_uv_lock_with_packages_besides(prepare, using, locked):
    install = Install(lock="uv.lock", packages=("greet",))
    environment, _ = prepare(install, root=locked, using=using)
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]


def test_a_lock_that_is_broken(prepare, using, project):
    root = project({"pyproject.toml": PYPROJECT, "uv.lock": "version = ["})
    with pytest.raises(EnvironmentFailed, match=r"uv\.lock cannot be used"):
        prepare(Install(lock="uv.lock"), root=root, using=using)


def test_pylock(prepare, using, locked, served, python):
    real = str(python().real)
    text = uv(
        served,
        locked,
        "export",
        "-q",
        "--no-default-groups",
        "--format",
        "pylock.toml",
        "--python",
        real,
        "--extra",
        "test",
    )
    (locked / "pylock.toml").write_text(text)
    install = Install(lock="pylock.toml", project="editable")
    environment, _ = prepare(install, root=locked, using=using)
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]
    assert [p.path for p in environment.projects] == ["."]


def test_requirements_with_hashes(prepare, using, locked, served, python):
    real = str(python().real)
    args = (
        "export",
        "-q",
        "--no-default-groups",
        "--no-emit-project",
        "--no-header",
        "--python",
        real,
    )
    (locked / "requirements.txt").write_text(uv(served, locked, *args))
    install = Install(lock="requirements.txt", packages=("greet",), project="editable")
    environment, _ = prepare(install, root=locked, using=using)
    assert environment.resolution.splitlines() == ["greet==2.0", "lib==1.5"]


def test_a_hash_that_does_not_fit(prepare, using):
    files = {"r.txt": f"lib==1.5 --hash=sha256:{'0' * 64}\n"}
    with pytest.raises(EnvironmentFailed) as caught:
        prepare(Install(lock="r.txt"), files, using=using)
    assert "ash" in str(caught.value)
    assert using.list() == ()


def test_once_a_day_and_yesterdays_where_the_index_is_away(home, served, index, project, python):
    day = "2026-01-01"
    install = Install(packages=("greet",))
    root = project({})
    said = []
    with Environments(home, served, day=lambda: day) as environments:
        request = read_request(install, root, interpreter=python())
        first = environments.prepare(request, said.append)
        before = len([line for line in said if "resolving" in line])
        environments.prepare(request, said.append)
        assert len([line for line in said if "resolving" in line]) == before
        index.close()
        shutil.rmtree(home / "uv")  # it keeps an index's answers for some minutes
        assert environments.prepare(request).notices == first.notices
        day = "2026-01-02"
        later = environments.prepare(request, said.append)
    assert later.key == first.key
    assert later.reused
    assert any("using the versions resolved on 2026-01-01" in notice for notice in later.notices)


def test_an_index_that_was_never_there(home, served, index, project, python):
    index.close()
    with Environments(home, served) as environments:
        request = read_request(Install(packages=("lib",)), project({}), interpreter=python())
        with pytest.raises(EnvironmentFailed, match="cannot be resolved"):
            environments.prepare(request)


def test_credentials_are_never_shown(home, served, index, project, python):
    index.close()
    secret = index.url.replace("http://", "http://me:hunter2@")
    with Environments(home, served | {"UV_DEFAULT_INDEX": secret}) as environments:
        request = read_request(Install(packages=("lib",)), project({}), interpreter=python())
        with pytest.raises(EnvironmentFailed) as caught:
            environments.prepare(request)
    assert "hunter2" not in str(caught.value)
