import re

import pytest

from fairlead.pipeline.travis.regex import compile_ruby, delimited


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\Av1\z", "v1"),
        (r"v1\Z", "v1\n"),
        (r"^b$", "a\nb\nc"),
        (r"(?<name>a)", "a"),
        (r"(?<=v)1", "v1"),
        (r"(?<!v)1", "a1"),
        (r"\h+", "beef"),
        (r"[[:digit:]]", "4"),
        (r"\\z", "\\z"),
    ],
)
def test_ruby_expressions(source, text):
    assert compile_ruby(source).search(text)


def test_only_slashes_make_an_expression():
    assert delimited("v1") is None
    assert delimited("/V1/i").search("v1")
    assert delimited("/v1/").search("V1") is None
    with pytest.raises(re.error):
        delimited("/(/")
