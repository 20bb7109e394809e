"""Names of files in a header."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.server.api.files import attachment


def read_back(header):
    """The name as browsers take it: the encoded one before the plain one (RFC 6266)."""
    _, _, encoded = header.partition("filename*=UTF-8''")
    return unquote(encoded, errors="strict") if encoded else header.split('"')[1]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dist/a-1.0.tar.gz", "a-1.0.tar.gz"),
        ("a b.txt", "a b.txt"),
        ("..", ".."),
        ("", "file"),
        ("/", "file"),
        ("C:\\temp\\x.txt", "x.txt"),
    ],
)
def test_plain_names(path, name):
    assert attachment(path) == f'attachment; filename="{name}"'


def test_other_names_are_told_twice():
    assert attachment('é".txt') == (
        "attachment; filename=\"__.txt\"; filename*=UTF-8''%C3%A9%22.txt"
    )


@given(st.text())
def test_no_name_leaves_the_header(path):
    header = attachment(path)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert read_back(header)


@given(
    st.text(
        st.characters(exclude_characters="/\\", exclude_categories=("Cs", "C", "Z")),
        min_size=1,
        max_size=100,
    )
)
def test_the_name_comes_back(name):
    assert read_back(attachment(f"dist/{name}")) == (name if name != "." else "dist")
