import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.errors import ReleaseBroken
from fairlead.release.archive import END, Piece, outer_head, padding
from fairlead.release.reading import inside, open_release, read_release, stays
from fairlead.release.signing import SigningKey

EVERY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_release_says_what_it_was_told(make, key, manifest):
    path = make()

    found = read_release(path, trusted={key.public})

    assert path.name == "bank-1f9c4e2ab310.release"
    expected = msgspec.structs.replace(manifest, payload=found.payload, members=found.members)
    assert found == expected
    said = {m.path: m for m in found.members}
    assert said["source/run"].executable
    assert not said["source/app.py"].executable
    assert said["source/link"].link == "docs/deep"
    assert said["source/app.py"].size == 15


def test_a_release_opens_where_its_payload_lies(make, key):
    path = make()

    opened = open_release(path, trusted={key.public})

    data = path.read_bytes()[opened.offset : opened.offset + opened.size]
    assert data.startswith(b"\x1f\x8b")
    assert opened.signer == key.public


def test_one_key_is_enough_and_somebody_elses_is_not(make, key):
    path = make()
    other = SigningKey(bytes(32))

    read_release(path, trusted={other.public, key.public})
    with pytest.raises(ReleaseBroken, match="a key that is not trusted") as caught:
        read_release(path, trusted={other.public})
    assert key.public in str(caught.value)
    assert "fairlead releases trust" in str(caught.value)
    with pytest.raises(ReleaseBroken, match="a key that is not trusted"):
        read_release(path, trusted=())


@EVERY
@given(share=st.floats(0, 1, exclude_max=True), deep=st.booleans())
def test_a_truncated_file_is_refused(tmp_path, whole, key, share, deep):
    path = tmp_path / "x.release"
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(ReleaseBroken):
        read_release(path, trusted={key.public}, deep=deep)


@EVERY
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), deep=st.booleans())
def test_any_altered_bit_is_noticed(tmp_path, whole, key, where, bit, deep):
    path = tmp_path / "x.release"
    data = bytearray(whole)
    data[int(len(data) * where)] ^= 1 << bit
    path.write_bytes(data)

    with pytest.raises(ReleaseBroken):
        read_release(path, trusted={key.public}, deep=deep)


@EVERY
@given(st.binary(max_size=3000))
def test_any_other_file_is_no_release(tmp_path, data):
    path = tmp_path / "x.release"
    path.write_bytes(data)

    with pytest.raises(ReleaseBroken):
        read_release(path, trusted=())


def test_what_follows_a_release_is_refused(make, key):
    path = make()
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ReleaseBroken, match="does not end where a release does"):
        read_release(path, trusted={key.public})


def test_an_unsigned_file_is_refused(make, key, tmp_path):
    whole = make().read_bytes()
    start = whole.index(b"manifest.sig")
    path = tmp_path / "unsigned"
    path.write_bytes(whole[:start] + whole[start + 1024 :])

    with pytest.raises(ReleaseBroken, match="it is not signed"):
        read_release(path, trusted={key.public})


def test_another_manifest_under_the_same_signature_is_refused(make, key):
    path = make()
    path.write_bytes(path.read_bytes().replace(b'"verdict":"passed"', b'"verdict":"failed"'))

    with pytest.raises(ReleaseBroken, match="altered after it was signed"):
        read_release(path, trusted={key.public})


def test_a_manifest_without_end_is_not_read(tmp_path):
    path = tmp_path / "endless"
    path.write_bytes(outer_head("manifest.json", 1 << 40, 0) + b"{" * 2000)

    with pytest.raises(ReleaseBroken, match="larger than it can be"):
        read_release(path, trusted=())


@pytest.mark.parametrize(
    "piece",
    [
        Piece(path="../outside", data=b"x"),
        Piece(path="/etc/cron.d/x", data=b"x"),
        Piece(path="source/link", link="/etc/passwd"),
        Piece(path="source/link", link="../../x"),
        Piece(path="source/./x", data=b"x"),
    ],
)
def test_a_signed_file_that_leads_outside_is_refused_all_the_same(make, key, piece):
    path = make([piece])

    with pytest.raises(ReleaseBroken, match="is not what its manifest says"):
        read_release(path, trusted={key.public})


def test_members_that_are_not_as_said_are_found(make, key, manifest):
    """A signer whose own packing is wrong: only the deep look can tell."""
    good = open_release(make(), trusted={key.public})
    data = make().read_bytes()
    payload = data[good.offset : good.offset + good.size]
    wrong = good.manifest.members[:-1]
    said = msgspec.structs.replace(good.manifest, members=wrong)
    text = msgspec.json.encode(said)
    signature = f"ed25519 {key.public} {key.sign(text)}\n".encode()
    path = make()
    parts = (("manifest.json", text), ("manifest.sig", signature), ("payload.tar.gz", payload))
    path.write_bytes(
        b"".join(outer_head(n, len(d), 0) + d + padding(len(d)) for n, d in parts) + END
    )

    read_release(path, trusted={key.public}, deep=False)
    with pytest.raises(ReleaseBroken, match=r"wheels/a-1.*is not what its manifest says"):
        read_release(path, trusted={key.public})


def test_a_newer_format_is_named(make, key, manifest):
    path = make(said=msgspec.structs.replace(manifest, format=2))

    with pytest.raises(ReleaseBroken, match="its format is 2, this Fairlead knows 1"):
        read_release(path, trusted={key.public})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReleaseBroken, match=r"there is no release file .*gone.release"):
        read_release(tmp_path / "gone.release", trusted=())


def test_a_folder_is_no_release(tmp_path):
    with pytest.raises(ReleaseBroken, match="cannot be read"):
        read_release(tmp_path, trusted=())


@pytest.mark.parametrize(
    ("path", "answer"),
    [("a/b", True), ("a..b", True), ("", False), (".", True), ("..", False), ("../a", False),
     ("a/../b", False), ("/a", False), ("a//b", False), ("a/", False)],
)  # fmt: skip
def test_inside(path, answer):
    assert inside(path) is answer


@pytest.mark.parametrize(
    ("link", "answer"),
    [("c", True), ("../x", True), ("../../x", False), ("/x", False), ("..", True)],
)
def test_stays(link, answer):
    assert stays("a/b", link) is answer
