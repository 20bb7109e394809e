import os
import subprocess
import sys

import pytest

from fairlead.errors import FairleadError
from fairlead.runner.secrets import load, remove, store


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    return tmp_path / "config", root


def files(config):
    return [path for path in (config / "secrets").iterdir() if path.suffix == ".json"]


def test_nothing_stored_is_no_error(project):
    assert load(*project).resolve(["TOKEN"]) == {}


def test_values_come_back_by_name(project):
    store(*project, "TOKEN", "a=b 'c' \u20ac")
    store(*project, "OTHER", "x")
    assert load(*project).resolve(["TOKEN", "MISSING"]) == {"TOKEN": "a=b 'c' \u20ac"}


def test_values_of_encrypted_texts(project):
    store(*project, "TOKEN", "one", cipher="k1")
    store(*project, "TOKEN", "two", cipher="k2")
    secrets = load(*project)
    assert secrets.ciphers == {"k1": "TOKEN=one", "k2": "TOKEN=two"}
    assert set(secrets.values) == {"one", "two"}
    assert secrets.resolve(["TOKEN@k1"]) == {"TOKEN": "one"}
    assert secrets.resolve(["TOKEN@k2"]) == {"TOKEN": "two"}
    assert set(secrets.resolve(["TOKEN"])) == {"TOKEN"}


def test_projects_do_not_see_each_other(project, tmp_path):
    store(*project, "TOKEN", "x")
    (tmp_path / "other").mkdir()
    assert load(project[0], tmp_path / "other").named == {}


def test_a_link_to_the_project_is_the_project(project, tmp_path):
    store(*project, "TOKEN", "x")
    (tmp_path / "link").symlink_to(project[1])
    assert load(project[0], tmp_path / "link").named == {"TOKEN": "x"}


def test_remove_forgets_all_values_of_a_name(project):
    store(*project, "TOKEN", "x")
    store(*project, "TOKEN", "y", cipher="k")
    assert remove(*project, "TOKEN")
    assert not remove(*project, "TOKEN")
    assert (load(*project).named, load(*project).ciphers) == ({}, {})


def test_only_the_owner_may_read(project):
    old = os.umask(0)
    try:
        store(*project, "TOKEN", "x")
    finally:
        os.umask(old)
    (path,) = files(project[0])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_others_may_read_is_refused(project):
    store(*project, "TOKEN", "x")
    (path,) = files(project[0])
    path.chmod(0o644)
    with pytest.raises(FairleadError, match="others on this machine"):
        load(*project)


def test_a_broken_file_is_refused_with_its_name(project):
    store(*project, "TOKEN", "x")
    (path,) = files(project[0])
    path.write_text("{")
    with pytest.raises(FairleadError, match=path.name):
        load(*project)


def test_writers_at_the_same_time_lose_nothing(project):
    code = (
        "import sys; from pathlib import Path; from fairlead.runner.secrets import store\n"
        "for n in range(10): store(Path(sys.argv[1]), Path(sys.argv[2]), f'{sys.argv[3]}{n}', 'x')"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, *map(str, project), name]) for name in "AB"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert set(load(*project).named) == {f"{name}{n}" for name in "AB" for n in range(10)}
