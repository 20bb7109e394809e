"""A layer is made of a few files; this Python runs in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.errors import StoreError
from fairlead.runner.environments import Environment, layer
from fairlead.runner.environments.contents import Contents
from fairlead.runner.environments.environment import Part
from fairlead.runner.environments.scripts import Scripts
from fairlead.runner.pythons import choose, find


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    version = ".".join(map(str, sys.version_info[:3]))
    return choose(find(tmp_path_factory.mktemp("home"), os.environ), version)


@pytest.fixture
def environment(tmp_path, python):
    """Two stored folders that both have a module ``both`` and a script ``say``."""
    parts = []
    for name in ("stored", "tools"):
        part = tmp_path / name
        site = part / python.site
        site.mkdir(parents=True)
        (part / "bin").mkdir()
        (part / "bin/binary").write_text(f"#!/bin/sh\necho binary of {name}\n")
        (part / "bin/binary").chmod(0o755)
        for module in (name, "both"):
            (site / f"{module}.py").write_text(f"where = {name!r}\n")
        scripts = {"say": "import both, sys\nprint(both.where, sys.prefix)\n", f"only-{name}": ""}
        contents = Contents(
            kind="environment", python=python.version, site=python.site,
            scripts=Scripts(scripts, ("binary",)),
        )  # fmt: skip
        parts.append(Part(part, contents))
    (parts[0].site / "more.pth").write_text(f"{tmp_path / 'more'}\n")
    (tmp_path / "more").mkdir()
    return Environment(
        key="k", path=parts[0].path, interpreter=python, site_packages=parts[0].site,
        parts=tuple(parts), resolution="", readable=(Path("/opt/python"),),
    )  # fmt: skip


def run(*argv, **more):
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_order_of_places(environment, tmp_path):
    (tmp_path / "extra").mkdir()
    made = layer(environment, tmp_path / "layer", extra_paths=(tmp_path / "extra",))
    path = run(made.python, "-c", "import sys; print('\\n'.join(sys.path))").splitlines()
    own = [p for p in path if p.startswith(str(tmp_path))]
    wanted = [made.site_packages, environment.parts[0].site, tmp_path / "more"]
    assert own == [str(p) for p in [*wanted, environment.parts[1].site, tmp_path / "extra"]]


def test_what_a_job_installs_comes_first_and_stays_there(environment, tmp_path):
    one, other = layer(environment, tmp_path / "one"), layer(environment, tmp_path / "other")
    (one.site_packages / "both.py").write_text("where = 'layer'\n")
    code = "import both; print(both.where)"
    assert run(one.python, "-c", code) == "layer"
    assert run(other.python, "-c", code) == "stored"


def test_scripts_run_in_the_layer_and_the_first_part_wins(environment, tmp_path):
    made = layer(environment, tmp_path / "layer")
    assert run(made.bin / "say") == f"stored {made.folder}"
    assert run(made.bin / "binary") == "binary of stored"
    assert {"only-stored", "only-tools"} <= set(os.listdir(made.bin))


def test_activation(environment, tmp_path):
    made = layer(environment, tmp_path / "a 'strange' folder" / "layer")
    command = '. "$1/activate" && say && echo "$VIRTUAL_ENV" && deactivate && echo "${VIRTUAL_ENV-}:$PATH"'
    lines = run("sh", "-euc", command, "sh", made.bin).splitlines()
    assert lines == [f"stored {made.folder}", str(made.folder), ":/usr/bin:/bin"]


def test_modules_imported_at_every_start(environment, tmp_path):
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "greeting.py").write_text("print('started')\n")
    made = layer(environment, tmp_path / "layer", extra_paths=(extra,), imports=("greeting",))
    assert run(made.python, "-c", "") == "started"


def test_what_the_runner_needs_to_know(environment, tmp_path):
    made = layer(environment, tmp_path / "layer", extra_paths=("/opt/hooks",))
    assert made.variables == {"VIRTUAL_ENV": str(made.folder), "PATH": str(made.bin)}
    assert made.readable == (Path("/opt/python"), Path("/opt/hooks"))
    assert made.writable == (made.folder,)
    assert made.environment is environment
    assert run(made.python, "-c", "import sys; print(sys.prefix != sys.base_prefix)") == "True"


def test_a_folder_that_cannot_be_written(environment, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        layer(environment, tmp_path / "file" / "layer")
