import msgspec
import pytest

from fairlead.errors import NotFound, StoreError
from fairlead.release.archive import Piece
from fairlead.release.shelf import Shelf


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / ".fairlead" / "releases")


@pytest.fixture
def put(shelf, make, manifest):
    """Adds a release of the commit that begins with ``word``."""

    def added(word, **more):
        said = msgspec.structs.replace(manifest, commit=word * 5, version=word)
        return shelf.add(make([Piece(path=word)], said=said), said, **more)

    return added


def test_releases_are_numbered_and_found_again(shelf, put):
    first, second = put("aaaaaaaa"), put("bbbbbbbb", by="ann", tag="v2")

    assert (first.number, second.number) == (1, 2)
    assert shelf.list() == (first, second)
    assert shelf.latest() == shelf.get(2) == second
    assert second.by == "ann"
    assert shelf.by_commit("aaaaaaa") == first
    for wanted, release in (
        ("1", first), ("#2", second), ("latest", second), ("v2", second), ("aaaaaaaa", first),
    ):  # fmt: skip
        assert shelf.find(wanted) == release


def test_the_file_is_moved_and_git_is_told_to_look_away(shelf, put, tmp_path):
    release = put("aaaaaaaa")

    assert release.file == str(shelf.folder / "1" / "bank-aaaaaaaa.release")
    assert list((tmp_path / "made").iterdir()) == []
    assert (tmp_path / ".fairlead" / ".gitignore").read_text().endswith("*\n")


def test_a_project_may_be_moved(shelf, put, tmp_path):
    put("aaaaaaaa")
    (tmp_path / ".fairlead").rename(tmp_path / "moved")

    found = Shelf(tmp_path / "moved" / "releases").get(1)

    assert found.file == str(tmp_path / "moved" / "releases" / "1" / "bank-aaaaaaaa.release")


def test_the_same_bytes_keep_their_number(shelf, put):
    first = put("aaaaaaaa")
    put("bbbbbbbb")

    assert put("aaaaaaaa").number == first.number == 1
    assert shelf.numbers() == (1, 2)


def test_no_number_is_given_twice(shelf, put):
    put("aaaaaaaa")
    put("bbbbbbbb")
    shelf.prune(0)

    assert shelf.list() == ()
    assert put("cccccccc").number == 3
    assert put("dddddddd", least=10).number == 10
    assert put("eeeeeeee", least=2).number == 11


def test_pruning_spares_the_newest_and_what_is_live(shelf, put):
    for letter in "abcdef":
        put(letter * 8)
    shelf.note_live("production", (2, 0))
    shelf.note_live("beta", (1,))
    shelf.note_live("beta", (4,))

    would = shelf.prune(2, live=(3,), dry_run=True)
    gone = shelf.prune(2, live=(3,))

    assert [one.number for one in would] == [one.number for one in gone] == [1]
    assert shelf.numbers() == (2, 3, 4, 5, 6)
    assert shelf.live() == {"production": (2,), "beta": (4,)}


def test_what_a_killed_process_left_is_cleared(shelf, put):
    put("aaaaaaaa")
    (shelf.folder / ".new-1234").mkdir()

    put("bbbbbbbb")

    assert not (shelf.folder / ".new-1234").exists()
    assert shelf.numbers() == (1, 2)


@pytest.mark.parametrize("wanted", ["3", "v9", "aaaaaa", "latest~1", "", "../1"])
def test_what_is_not_there_is_said_with_what_is(shelf, put, wanted):
    put("aaaaaaaa")

    with pytest.raises(NotFound, match="releases: 1, or latest"):
        shelf.find(wanted)
    with pytest.raises(NotFound, match="there is no release 3"):
        shelf.get(3)


def test_an_empty_shelf_says_how_to_fill_it(shelf):
    assert shelf.latest() is None
    assert shelf.prune(0) == ()
    with pytest.raises(NotFound, match="make one: fairlead package"):
        shelf.find("latest")


def test_a_broken_note_is_named(shelf, put):
    put("aaaaaaaa")
    (shelf.folder / "1" / "release.json").write_text("{")

    with pytest.raises(StoreError, match=r"release\.json: this release cannot be read"):
        shelf.list()


def test_a_tag_is_remembered(shelf, put):
    put("aaaaaaaa")

    assert shelf.note_tag(1, "v1").tag == "v1"
    assert shelf.get(1).tag == "v1"
