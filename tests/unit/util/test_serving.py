import json
import os
import subprocess
import sys

import pytest

from fairlead.util.serving import MACHINES_DATA, data_folder, served, serving, serving_here

URL = "http://127.0.0.1:8601"


def test_it_is_told_for_as_long_as_it_serves(tmp_path):
    assert serving(tmp_path) is None
    with served(tmp_path, URL):
        found = serving(tmp_path)
        assert (found.url, found.pid) == (URL, os.getpid())
        assert serving_here({"FAIRLEAD_DATA": str(tmp_path)}) == found
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_is_not_believed(tmp_path):
    code = f"""\
import os, pathlib
from fairlead.util.serving import served
with served(pathlib.Path({str(tmp_path)!r}), {URL!r}):
    os._exit(0)
"""
    subprocess.run((sys.executable, "-c", code), check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["serving.json"]
    assert serving(tmp_path) is None


def test_another_process_with_the_same_number_is_not_it(tmp_path):
    with served(tmp_path, URL):
        path = tmp_path / "serving.json"
        told = json.loads(path.read_bytes())
        path.write_text(json.dumps(told | {"started": told["started"] - 1}))
        assert serving(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1, "pid": "x", "started": 0}'])
def test_what_cannot_be_read_tells_of_none(tmp_path, text):
    (tmp_path / "serving.json").write_text(text)
    assert serving(tmp_path) is None


@pytest.mark.parametrize("told", ['"pid": 0, "started": 0', '"pid": 99999999, "started": 0'])
def test_no_process_is_not_a_server(tmp_path, told):
    (tmp_path / "serving.json").write_text(f'{{"url": "{URL}", {told}}}')
    assert serving(tmp_path) is None


@pytest.mark.parametrize(
    ("environ", "user", "found"),
    [
        ({"FAIRLEAD_DATA": "/a", "XDG_DATA_HOME": "/b", "HOME": "/c"}, 0, "/a"),
        ({"XDG_DATA_HOME": "/b", "HOME": "/c"}, 0, "/b/fairlead"),
        ({"HOME": "/c"}, 0, str(MACHINES_DATA)),
        ({"HOME": "/c"}, 1000, "/c/.local/share/fairlead"),
        ({}, 1000, "/nonexistent/.local/share/fairlead"),
    ],
)
def test_where_data_is(environ, user, found, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert str(data_folder(environ)) == found
