from pathlib import Path

import pytest

from fairlead.server.postgres import PostgresFailed
from fairlead.server.postgres.programs import Programs, choose

_ROOT = Path("/srv/pg")


def programs(version, *, wheel=False):
    bundle = Path("/site/package") if wheel else None
    return Programs(folder=Path(f"/{version}/bin"), version=version, bundle=bundle)


_FOUND = (programs("18.4", wheel=True), programs("16.14", wheel=True), programs("15.6"))


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        ((), "18.4"),
        ((18,), "18.4"),
        ((16,), "16.14"),
        ((15,), "15.6"),
        ((15, 18), "18.4"),
        ((14, 16, 19), "16.14"),
    ],
)
def test_the_data_that_is_there_decides(clusters, expected):
    assert choose(_FOUND, clusters, _ROOT).version == expected


def test_data_that_nothing_here_can_read():
    with pytest.raises(PostgresFailed) as caught:
        choose(_FOUND, (12, 14), _ROOT)
    assert caught.value.message == (
        "/srv/pg/pg14 was made by PostgreSQL 14, and this machine has 15, 16, 18"
    )
    assert "install PostgreSQL 14" in caught.value.hint


def test_nothing_to_choose_from():
    with pytest.raises(PostgresFailed, match="no PostgreSQL on this machine"):
        choose((), (), _ROOT)


def test_major_version():
    assert programs("18.4").major == programs("18").major == 18


def test_a_program_that_is_not_installed(tmp_path):
    with pytest.raises(PostgresFailed, match="psql is not installed"):
        Programs(folder=tmp_path, version="15.6").program("psql")
