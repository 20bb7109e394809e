from pathlib import Path

import pytest

from fairlead.errors import InterpreterNotFound
from fairlead.runner.environments import EnvironmentRequest
from fairlead.runner.environments.recorded import recorded_lines, with_files
from fairlead.runner.pythons import Interpreter
from fairlead.runner.recorded import Recorded, same_interpreter


def interpreter(version, kind="cpython", *, free=False):
    place = Path(f"/python/{version}-{kind}{'t' if free else ''}")
    return Interpreter(
        path=place, real=place, version=version, implementation=kind, prefix=place,
        base_prefix=place, platform="linux", abi="abi", site="lib/site-packages",
        free_threaded=free,
    )  # fmt: skip


def test_lines_are_as_a_resolver_writes_them():
    text = "Zope.Interface==5.0\nFlask_Cors==4.0.1\n\nown @ git+https://example.org/Own@abc\n"
    assert recorded_lines(text) == (
        "flask-cors==4.0.1", "own @ git+https://example.org/Own@abc", "zope-interface==5.0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("vendor/my_lib-1.2-py3-none-any.whl", "my-lib"),
        ("vendor/my-lib-1.2.tar.gz", "my-lib"),
        ("vendor/my_lib-1.2-py3-none-any.whl ; python_version > '3'", "my-lib"),
    ],
)
def test_what_came_from_the_projects_files_comes_from_there_again(file, name):
    own = f"${{PROJECT_ROOT}}/{file}"
    request = EnvironmentRequest(interpreter=interpreter("3.12.1"), lines=("six", own))
    assert with_files(request, (f"{name}==1.2", "six==1.17.0")) == (own, "six==1.17.0")


FOUND = (interpreter("3.12.1"), interpreter("3.12.4"), interpreter("3.12.4", "pypy"),
         interpreter("3.13.0", free=True), interpreter("3.14.0rc1"))  # fmt: skip


@pytest.mark.parametrize(
    ("python", "version", "kind"),
    [("3.12", "3.12.1", "cpython"), ("3", "3.12.4", "cpython"), ("pypy3.12", "3.12.4", "pypy"),
     ("3.13t", "3.13.0", "cpython"), ("3.14-dev", "3.14.0rc1", "cpython")],
)  # fmt: skip
def test_the_very_same_interpreter_is_taken(python, version, kind):
    recorded = Recorded(interpreter=version, resolution="")
    found = same_interpreter(FOUND, python, recorded)
    assert (found.version, found.implementation) == (version, kind)


@pytest.mark.parametrize(("python", "version"), [("3.12", "3.12.2"), ("3.13", "3.13.0")])
def test_another_one_is_no_substitute(python, version):
    with pytest.raises(InterpreterNotFound) as caught:
        same_interpreter(FOUND, python, Recorded(interpreter=version, resolution=""))
    assert version in caught.value.message
    assert "3.12.1" in caught.value.hint
