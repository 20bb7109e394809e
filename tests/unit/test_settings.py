import os
import pwd
from pathlib import Path

import pytest

from fairlead.errors import FairleadError
from fairlead.settings import load_settings


def test_folders_follow_the_variables(tmp_path):
    found = load_settings({"HOME": str(tmp_path)})
    assert (found.home, found.config) == (
        tmp_path / ".cache/fairlead",
        tmp_path / ".config/fairlead",
    )
    found = load_settings({"FAIRLEAD_HOME": str(tmp_path / "h"), "XDG_CONFIG_HOME": "/c"})
    assert (str(found.home), str(found.config)) == (str(tmp_path / "h"), "/c/fairlead")


def test_a_home_that_cannot_be_used_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    found = load_settings({"HOME": str(tmp_path)})
    assert found.home.name == f"fairlead-{os.getuid()}"
    assert tmp_path not in found.home.parents


def test_a_home_that_may_not_be_entered_is_no_error(tmp_path, monkeypatch):
    def stat(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(os, "access", lambda _path, _mode: True)  # as for root, whoever we are
    assert load_settings({"HOME": str(tmp_path)}).home.name == "fairlead"


def test_numbers_and_a_file(tmp_path):
    (tmp_path / "settings.toml").write_text("jobs = 3\nkeep_runs = 7\n")
    environ = {"FAIRLEAD_CONFIG": str(tmp_path), "FAIRLEAD_JOBS": "5", "HOME": str(tmp_path)}
    found = load_settings(environ)
    assert (found.jobs, found.keep_runs) == (5, 7)


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ("jobs = ", {}, "not TOML"),
        ("job = 3", {}, "unknown setting 'job'"),
        ("jobs = 'many'", {}, "not of its kind"),
        ("", {"FAIRLEAD_JOBS": "many"}, "not of its kind"),
        ("jobs = -1", {}, "not of its kind: .* >= 0"),
        ("keep_runs = -3", {}, "not of its kind: .* >= 1"),
        ("", {"FAIRLEAD_KEEP_RUNS": "0"}, "not of its kind: .* >= 1"),
    ],
)
def test_what_is_no_setting_is_told(tmp_path, text, environ, said):
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(FairleadError, match=said):
        load_settings({"FAIRLEAD_CONFIG": str(tmp_path), "HOME": str(tmp_path), **environ})


def test_a_file_that_is_not_text_is_told(tmp_path):
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FairleadError, match="not TOML: it is not UTF-8"):
        load_settings({"FAIRLEAD_CONFIG": str(tmp_path), "HOME": str(tmp_path)})


@pytest.mark.parametrize("kind", ["for all", "a link", "another's"])
def test_a_home_in_the_temporary_folder_is_ours_alone(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    environ = {"HOME": str(tmp_path)}
    home = load_settings(environ).home
    assert home == tmp_path / f"fairlead-{os.getuid()}"
    home.mkdir(mode=0o755)
    assert load_settings(environ).home == home
    if kind == "for all":
        home.chmod(0o777)
    elif kind == "a link":
        home.rmdir()
        home.symlink_to(tmp_path)
    else:
        monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
        home.rename(tmp_path / f"fairlead-{os.getuid()}")
    with pytest.raises(FairleadError, match="others may write to"):
        load_settings(environ)


def test_without_the_variable_home_is_where_the_machine_says():
    told = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert load_settings({}).config == told / ".config/fairlead"
