import os
import stat

import pytest

from fairlead.errors import FairleadError, StoreError
from fairlead.server.configuration import load_configuration
from fairlead.server.serving.data import Held, make_data


@pytest.fixture
def told(tmp_path):
    return load_configuration({"FAIRLEAD_DATA": str(tmp_path / "data")})


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("user", "expected"), [(0, 0o711), (1000, 0o700)])
def test_only_root_lets_others_pass_and_none_into_what_is_ours(told, monkeypatch, user, expected):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    data = make_data(told)
    assert mode(data) == expected
    assert {mode(data / name) for name in ("storage", "repositories")} == {0o700}
    assert make_data(told) == data


def test_a_folder_that_cannot_be_made_is_said(told):
    told.data.touch()
    with pytest.raises(StoreError, match="cannot write the data folder") as raised:
        make_data(told)
    assert "FAIRLEAD_DATA" in raised.value.hint


def test_one_at_a_time(told):
    data = make_data(told)
    held = Held(data)
    with pytest.raises(FairleadError, match=rf"already runs on .*\(process {os.getpid()}\)"):
        Held(data)
    held.release()
    Held(data).release()
