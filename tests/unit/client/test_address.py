import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.client.address import Named, read_build
from fairlead.errors import UsageError


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, Named()),
        ("12", Named(number=12)),
        ("#12", Named(number=12)),
        ("shop/12", Named(project="shop", number=12)),
        ("12.3", Named(number=12, job="3")),
        ("shop/12.unit-3.12", Named(project="shop", number=12, job="unit-3.12")),
        ("http://ci:8600/p/shop/12/", Named(server="http://ci:8600", project="shop", number=12)),
        (
            "https://ci.example.org/ci/p/my%20shop/12/3/?attempt=2#L7",
            Named(server="https://ci.example.org/ci", project="my shop", number=12, job="3"),
        ),
        (
            "http://ci/p/shop/12.unit-3.12",
            Named(server="http://ci", project="shop", number=12, job="unit-3.12"),
        ),
        (
            "http://ci/api/v1/projects/shop/builds/12/jobs/2/log",
            Named(server="http://ci", project="shop", number=12, job="2"),
        ),
        ("http://ci/p/shop/12/3/raw", None),
        ("http://ci/p/shop/", None),
        ("http:///p/shop/12/", None),
        ("last", None),
        ("shop/", None),
        ("a/b/3", None),
        ("12.", None),
        ("1234567890", None),
    ],
)
def test_what_a_person_calls_a_build(text, named):
    if named is None:
        with pytest.raises(UsageError):
            read_build(text)
    else:
        assert read_build(text) == named


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text):
    try:
        named = read_build(text)
    except UsageError:
        return
    assert named.number is not None or not text
