"""All of this again as an unprivileged user, where the tests run as root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fairlead

_NOBODY = 65534


def may_use(path):
    """Whether anybody can get at a file."""
    place = Path(path)
    return all(folder.stat().st_mode & 0o001 for folder in place.parents) and bool(
        place.stat().st_mode & 0o004
    )


def interpreter():
    """A Python of our version that anybody can run, and that can use our packages."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for name in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        real = os.path.realpath(name)
        if os.path.exists(real) and may_use(real):
            return real
    return ""


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests already run as an ordinary user")
@pytest.mark.parametrize("folder", ["sandbox", "services"])
def test_an_ordinary_user_has_the_same(tmp_path_factory, folder):
    tests = Path(__file__).parents[1] / folder
    packages = [str(Path(fairlead.__file__).parents[1]), str(Path(pytest.__file__).parents[1])]
    if not interpreter() or not all(map(may_use, (__file__, fairlead.__file__, pytest.__file__))):
        pytest.skip("an ordinary user can reach neither this checkout nor a Python to run it with")
    place = Path(f"/tmp/fairlead-user-{os.getpid()}-{folder}")
    place.mkdir()
    os.chown(place, _NOBODY, _NOBODY)
    drop = "import os, sys; os.setgroups([]); os.setgid({0}); os.setuid({0}); os.execv(sys.argv[1], sys.argv[1:])"
    pytest_arguments = (
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        f"--basetemp={place}/t",
        str(tests),
    )
    env = {
        "PATH": os.defpath,
        "HOME": str(place),
        "TMPDIR": str(place),
        "PYTHONPATH": os.pathsep.join(packages),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            (
                sys.executable, "-c", drop.format(_NOBODY),
                interpreter(), "-m", "pytest", *pytest_arguments,
            ),
            env=env, cwd=tests.parents[2], capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        shutil.rmtree(place)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
