import pytest

from fairlead.reports.docs import measure

SOURCE = b'''\
"""The module."""
import typing
from typing import overload

def documented():
    """Yes."""
    def inner(): pass

def bare(): pass

def _private(): pass

class Thing:
    def method(self): pass
    def __repr__(self): return ""
    @property
    def size(self):
        """Yes."""
    @size.setter
    def size(self, value): pass
    @typing.override
    def known(self): pass
    class Inner:
        """Yes."""
        async def deep(self): pass

class _Hidden:
    def method(self): pass

@overload
def f(x: int) -> int: ...
@typing.overload
def f(x: str) -> str: ...
def f(x):
    """Yes."""

if typing.TYPE_CHECKING:
    def conditional(): pass
try:
    pass
except ImportError:
    def fallback():
        """Yes."""
'''


def test_what_counts():
    found = measure({"src/pkg/a.py": SOURCE})
    assert found.missing == (
        "src/pkg/a.py:9 bare",
        "src/pkg/a.py:13 Thing",
        "src/pkg/a.py:14 Thing.method",
        "src/pkg/a.py:25 Thing.Inner.deep",
        "src/pkg/a.py:38 conditional",
    )
    # The module, documented, Thing.size, Thing.Inner, f and fallback.
    assert (found.documented, found.total) == (6, 11)
    assert found.percent == pytest.approx(600 / 11)


def test_modules():
    found = measure(
        {
            "pkg/__init__.py": b"",
            "pkg/__main__.py": b"x = 1\n",
            "pkg/_private.py": b"def f(): pass\n",
            "pkg/_internal/a.py": b"def f(): pass\n",
            "pkg/b.py": b"x = 1\n",
        }
    )
    assert found.missing == ("pkg/__main__.py:1 pkg", "pkg/b.py:1 pkg.b")


@pytest.mark.parametrize(
    "source", [b"print 'two'\n", b"\0", b"# coding: nonsense\n", b"(" * 10_000, b"\xff\xfe"]
)
def test_what_cannot_be_parsed_counts_as_one_without_documentation(source):
    found = measure({"a.py": source, "b.py": b'"""Yes."""\n'})
    assert (found.documented, found.total) == (1, 2)
    assert found.missing[0].startswith("a.py:")
    assert found.missing[0].endswith(" a (cannot be parsed)")


def test_invalid_escapes_are_not_our_warning():
    assert measure({"a.py": b'"""Yes."""\nx = "\\d"\n'}).percent == 100.0


def test_nothing_to_document():
    assert measure({}).percent == 100.0
