"""Release files made of a few pieces, signed with a key of the test's own."""

import pytest

from fairlead.model.release import Manifest
from fairlead.release.archive import Piece
from fairlead.release.signing import SigningKey
from fairlead.release.writing import write_release

PIECES = (
    Piece(path="source/app.py", data=b"print('hello')\n"),
    Piece(path="source/run", data=b"#!/bin/sh\n", executable=True),
    Piece(path="source/docs/deep/er/index.html", data=b"<p>" * 4000),
    Piece(path="source/link", link="docs/deep"),
    Piece(path="source/" + "long-" * 30 + "name.txt", data=b"x"),
    Piece(path="source/empty", data=b""),
    Piece(path="wheels/a-1-py3-none-any.whl", data=bytes(range(256)) * 40, packed=True),
)


@pytest.fixture(scope="session")
def key():
    return SigningKey(bytes(range(32)))


@pytest.fixture(scope="session")
def manifest():
    return Manifest(
        project="bank",
        version="1f9c4e2ab310",
        commit="1f9c4e2ab310" + "0" * 28,
        committed=1_700_000_000,
        branch="main",
        build="run 7",
        verdict="passed",
        python="3.11",
        platform="linux_x86_64",
    )


@pytest.fixture
def make(tmp_path, key, manifest):
    """Makes a release file; ``key`` signs it."""

    def made(pieces=PIECES, *, signer=key, said=manifest, folder=tmp_path / "made"):
        return write_release(folder, said, pieces, signer)[0]

    return made


@pytest.fixture(scope="session")
def whole(tmp_path_factory, key, manifest):
    """The bytes of a release file."""
    return write_release(tmp_path_factory.mktemp("whole"), manifest, PIECES, key)[0].read_bytes()
