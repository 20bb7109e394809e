"""Indexes of packs, made by hand from gitformat-pack(5)."""

import hashlib
import struct

from hypothesis import given
from hypothesis import strategies as st

from fairlead.server.hosting.objects import has_object

IDS = st.binary(min_size=20, max_size=20)


def write_index(path, ids):
    ids = sorted(set(ids))
    fan, count = [], 0
    for first in range(256):
        count += sum(one[0] == first for one in ids)
        fan.append(count)
    data = b"\xfftOc\x00\x00\x00\x02" + struct.pack(">256I", *fan) + b"".join(ids)
    data += bytes(8 * len(ids)) + bytes(20)
    path.write_bytes(data + hashlib.sha1(data).digest())


@given(ids=st.lists(IDS, max_size=30), others=st.lists(IDS, max_size=10))
def test_an_index_has_what_it_was_made_of(tmp_path_factory, ids, others):
    path = tmp_path_factory.mktemp("r")
    (path / "objects/pack").mkdir(parents=True)
    write_index(path / "objects/pack/pack-1.idx", ids)
    for one in ids:
        assert has_object(path, one.hex())
    for other in set(others) - set(ids):
        assert not has_object(path, other.hex())


@given(data=st.binary(max_size=2000))
def test_damaged_indexes_hold_nothing(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("r")
    (path / "objects/pack").mkdir(parents=True)
    (path / "objects/pack/pack-1.idx").write_bytes(b"\xfftOc\x00\x00\x00\x02" + data)
    assert not has_object(path, "ab" * 20)


def test_loose_objects_and_borrowed_ones_are_seen(tmp_path):
    (tmp_path / "a/objects/ab").mkdir(parents=True)
    (tmp_path / "a/objects/ab" / ("cd" * 19)).touch()
    (tmp_path / "b/objects/info").mkdir(parents=True)
    (tmp_path / "b/objects/info/alternates").write_text(f"{tmp_path}/a/objects\n")
    identity = "ab" + "cd" * 19
    assert has_object(tmp_path / "a", identity)
    assert has_object(tmp_path / "b", identity)
    assert not has_object(tmp_path / "none", identity)
