import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.client.errors import ServerUnintelligible
from fairlead.client.files import place_of, save
from fairlead.errors import FairleadError


@pytest.mark.parametrize(
    ("job", "path"),
    [
        ("unit", "../x"), ("unit", "/etc/passwd"), ("unit", "a/../../x"), ("unit", ""),
        ("unit", "a//b"), ("unit", "./a"), ("unit", "a/"), ("unit", "a\0b"), ("..", "x"), ("", "x"),
        ("a/b", "x"), ("/", "x"), (".", "x"),
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(tmp_path, job, path):
    with pytest.raises(ServerUnintelligible):
        place_of(tmp_path, job, path)


@given(st.text(max_size=8), st.text("./a\\\0é ", max_size=12))
def test_a_place_is_below_the_folder_or_refused(tmp_path_factory, job, path):
    folder = tmp_path_factory.getbasetemp()
    try:
        place = place_of(folder, job, path)
    except ServerUnintelligible:
        return
    inside = os.path.relpath(os.path.normpath(place), folder)
    assert inside.split(os.sep)[0] != ".."
    assert inside == os.path.join(job, path)


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    place = place_of(tmp_path, "unit", "dist/shop.whl")

    def breaking():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        save(tmp_path, place, breaking())
    assert os.listdir(place.parent) == []
    assert save(tmp_path, place, [b"all ", b"of it"]) == 9
    assert (place.read_bytes(), os.listdir(place.parent)) == (b"all of it", ["shop.whl"])


def test_a_link_in_the_folder_leads_nowhere_else(tmp_path):
    folder, outside = tmp_path / "here", tmp_path / "outside"
    outside.mkdir()
    (folder / "unit").mkdir(parents=True)
    (folder / "unit" / "dist").symlink_to(outside)
    with pytest.raises(FairleadError, match="leads out"):
        save(folder, place_of(folder, "unit", "dist/x"), [b"x"])
    assert os.listdir(outside) == []
