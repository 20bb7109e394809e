"""``pylock.toml`` without the project's own folders."""

import tomllib

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.runner.environments.pylock import pins_of, without_folders
from fairlead.runner.environments.requirements import LocalProject

LOCK = """\
lock-version = "1.0"
created-by = "x"

[[packages]]
name = "six"
version = "1.17.0"
wheels = [{ url = "https://x/six.whl", hashes = { sha256 = "aa" } }]

[[packages]]
name = "bank"
directory = { path = ".", editable = true }

[[packages]]
name = "foo"
[packages.directory]
path = "libs/foo/"

[[packages]]
name = "pytest"
version = "8.0"
marker = "'test' in extras"

[[packages]]
name = "tomli"
version = "2.0"
marker = "python_version < '3.11'"

[tool.x]
y = 1
"""


def test_folders_are_cut_out(tmp_path):
    file = tmp_path / "pylock.toml"
    file.write_text(LOCK)
    text, projects = without_folders(file, "pylock.toml")
    assert projects == (
        LocalProject(path=".", name="bank"),
        LocalProject(path="libs/foo", mode="wheel", name="foo"),
    )
    assert [p["name"] for p in tomllib.loads(text)["packages"]] == ["six", "pytest", "tomli"]
    assert pins_of(text) == ("six==1.17.0", "tomli==2.0 ; python_version < '3.11'")


def test_a_lock_without_folders_stays_as_it_is(tmp_path):
    file = tmp_path / "pylock.toml"
    file.write_text('lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1"\n')
    assert without_folders(file, "pylock.toml") == (file.read_text(), ())
    assert pins_of("") == ()


@pytest.mark.parametrize("data", [b"[[packages", b"\xff", b"packages = [[["])
def test_what_is_no_lock_file(tmp_path, data):
    file = tmp_path / "pylock.toml"
    file.write_bytes(data)
    with pytest.raises(EnvironmentFailed) as caught:
        without_folders(file, "locks/pylock.toml")
    assert str(caught.value).startswith("locks/pylock.toml: not a lock file")


def test_a_form_that_cannot_be_cut_is_said(tmp_path):
    file = tmp_path / "pylock.toml"
    file.write_text('packages = [{ name = "x", directory = { path = "." } }]')
    with pytest.raises(EnvironmentFailed, match="cannot take the project's own folders"):
        without_folders(file, "pylock.toml")
