"""Again as an ordinary user, where the tests run as root: whatever is another way then."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import fairlead
from fairlead.server.postgres.programs import available

_NOBODY = 65534
_OTHERWISE = (
    "cold_start or closed or url or foreign or kill_of or left_behind or ordinary or was_saved"
)


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
def test_an_ordinary_user_has_the_same():
    programs = available()[0]
    needed = (__file__, fairlead.__file__, pytest.__file__, psycopg.__file__, programs.folder)
    if not interpreter() or not all(map(may_use, needed)):
        pytest.skip("an ordinary user can reach neither this checkout nor a Python to run it with")
    pwd.getpwuid(_NOBODY)
    packages = {str(Path(module.__file__).parents[1]) for module in (fairlead, pytest, psycopg)}
    place = Path(f"/tmp/fl-user-{os.getpid()}")
    place.mkdir()
    os.chown(place, _NOBODY, _NOBODY)
    argv = (
        interpreter(), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
        "-p", "no:hypothesispytest", f"--basetemp={place}/t", "-k", _OTHERWISE, str(Path(__file__).parent),
    )  # fmt: skip
    env = {
        "PATH": os.defpath,
        "HOME": str(place),
        "TMPDIR": str(place),
        "PYTHONPATH": os.pathsep.join(packages),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            argv, env=env, cwd=Path(__file__).parents[4], capture_output=True, text=True,
            check=False, user=_NOBODY, group=_NOBODY, extra_groups=[],
        )  # fmt: skip
    finally:
        shutil.rmtree(place)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
