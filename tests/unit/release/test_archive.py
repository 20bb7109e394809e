import gzip
import io
import os
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import ReleaseFailed
from fairlead.release.archive import Piece, write_payload

NAME = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="/\0."), min_size=1, max_size=40
)
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)


def packed(pieces, time=1_700_000_000):
    out = io.BytesIO()
    members = write_payload(pieces, out, time)
    return out.getvalue(), members


def unpacked(data):
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(data)))


def test_the_same_pieces_give_the_same_bytes_in_any_order():
    pieces = [Piece(path=f"source/{n}", data=b"x" * n, packed=n % 2 == 0) for n in range(20)]

    assert packed(pieces) == packed(pieces[::-1])


def test_everything_that_differs_between_machines_is_fixed():
    data, _ = packed([
        Piece(path="a/b/plain", data=b"1"),
        Piece(path="a/program", data=b"2", executable=True),
        Piece(path="a/link", link="b/plain"),
    ])  # fmt: skip

    with unpacked(data) as tar:
        found = [(i.name, i.mode, i.mtime, i.uid, i.gid, i.uname, i.linkname) for i in tar]
    time = 1_700_000_000
    assert found == [
        ("a", 0o755, time, 0, 0, "", ""),
        ("a/b", 0o755, time, 0, 0, "", ""),
        ("a/b/plain", 0o644, time, 0, 0, "", ""),
        ("a/link", 0o777, time, 0, 0, "", "b/plain"),
        ("a/program", 0o755, time, 0, 0, "", ""),
    ]
    assert data[4:8] == bytes(4)  # no time in gzip's head


@settings(max_examples=50)
@given(st.dictionaries(PATH, st.tuples(st.binary(), st.booleans(), st.booleans()), max_size=6))
def test_whatever_is_packed_comes_out_again(files):
    # A path that is also a folder cannot be on any disk.
    files = {p: f for p, f in files.items() if not any(o.startswith(f"{p}/") for o in files)}
    pieces = [
        Piece(path=path, data=data, executable=executable, packed=stored)
        for path, (data, executable, stored) in files.items()
    ]

    data, members = packed(pieces)

    with unpacked(data) as tar:
        found = {i.name: (tar.extractfile(i).read(), bool(i.mode & 1)) for i in tar if i.isreg()}
    assert found == {path: file[:2] for path, file in files.items()}
    assert [m.path for m in members] == sorted(files, key=str.encode)


def test_what_is_packed_already_is_stored():
    data = bytes(10_000)
    small, _ = packed([Piece(path="a", data=data)])
    large, _ = packed([Piece(path="a", data=data, packed=True)])

    assert len(small) < len(data) // 10
    assert len(large) > len(data)


def test_two_files_of_one_path_are_refused():
    with pytest.raises(ReleaseFailed, match="two files of the release would be 'a'"):
        packed([Piece(path="a"), Piece(path="a")])


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(ReleaseFailed, match=r"source/\\udcff.txt is not UTF-8"):
        packed([Piece(path="source/\udcff.txt")])


def test_a_file_that_shrinks_meanwhile_is_refused(tmp_path):
    file = tmp_path / "log"
    file.write_bytes(b"0123456789")

    class Shrinking(type(file)):
        def open(self, *args):
            os.truncate(self, 2)
            return super().open(*args)

    with pytest.raises(ReleaseFailed, match="source/log changed while it was packed"):
        packed([Piece(path="source/log", file=Shrinking(file))])
