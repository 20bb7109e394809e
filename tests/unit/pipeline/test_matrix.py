"""Matrix expansion: how many cells, in which order, under which ids."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.pipeline.matrix import MAX_PRODUCT, Names, complete, expand, matches

AXES = (("python", ("3.11", "3.12")), ("db", ("sqlite", "postgres")))


def cell(python, db):
    return (("python", python), ("db", db))


def test_the_last_axis_varies_fastest():
    assert expand(AXES) == (
        cell("3.11", "sqlite"), cell("3.11", "postgres"), cell("3.12", "sqlite"), cell("3.12", "postgres"),
    )  # fmt: skip


def test_no_axes_make_one_cell_and_an_empty_axis_none():
    assert expand(()) == ((),)
    assert expand((("a", ()), ("b", ("1",)))) == ()


def test_excluded_cells_go_and_included_come_last():
    found = expand(
        AXES,
        exclude=[(("python", ("3.11",)), ("db", ("postgres",)))],
        include=[(("python", "3.13"),), (("python", "3.11"), ("db", "postgres"))],
    )
    assert found == (
        cell("3.11", "sqlite"), cell("3.12", "sqlite"), cell("3.12", "postgres"),
        cell("3.13", "sqlite"), cell("3.11", "postgres"),
    )  # fmt: skip


def test_a_selector_takes_any_of_its_values():
    assert matches((("db", ("sqlite", "mysql")),), cell("3.11", "sqlite"))
    assert not matches((("db", ("mysql",)),), cell("3.11", "sqlite"))
    assert not matches((("os", ("linux",)),), cell("3.11", "sqlite"))


def test_too_many_cells_are_refused_unmade():
    with pytest.raises(ValueError, match="cells"):
        expand([(f"a{n}", tuple(map(str, range(10)))) for n in range(9)])


@pytest.mark.parametrize(
    ("name", "axes", "expected"),
    [
        ("unit", (), "unit"),
        ("unit", (("python", "3.12"),), "unit-3.12"),
        ("unit", (("python", "3.12"), ("db", "postgres 15/main")), "unit-3.12-postgres-15-main"),
        ("unit", (("url", "../../etc"),), "unit-..-..-etc"),
        ("unit", (("ä", "ü"),), "unit"),
    ],
)
def test_ids_are_fit_for_files(name, axes, expected):
    assert Names().take(name, axes) == expected


def test_ids_are_never_given_twice():
    names = Names()
    assert [names.take("a"), names.take("a"), names.take("A"), names.take("a-2")] == [
        "a",
        "a-2",
        "A-3",
        "a-2-2",
    ]


_NAMES = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)
_VALUES = st.lists(st.text(min_size=1, max_size=4), unique=True, min_size=1, max_size=4)


@st.composite
def matrices(draw):
    axes = tuple((name, tuple(draw(_VALUES))) for name in draw(_NAMES))

    def selector():
        chosen = draw(st.lists(st.sampled_from(axes), unique=True, max_size=2)) if axes else []
        return tuple(
            (name, tuple(draw(st.lists(st.sampled_from(values), min_size=1))))
            for name, values in chosen
        )

    exclude = [s for s in (selector() for _ in range(draw(st.integers(0, 3)))) if s]
    new = st.text(alphabet="xyz", min_size=5, max_size=8)
    include = [((axes[0][0], draw(new)),) for _ in range(draw(st.integers(0, 3)))] if axes else []
    return axes, exclude, include


@settings(deadline=None)
@given(matrices())
def test_size_order_and_ids(matrix):
    axes, exclude, include = matrix
    product = expand(axes)
    excluded = [c for c in product if any(matches(s, c) for s in exclude)]
    added = dict.fromkeys(complete(axes, given) for given in include)
    found = expand(axes, exclude, include)
    assert len(product) == math.prod(len(values) for _, values in axes) <= MAX_PRODUCT
    assert len(found) == len(product) - len(excluded) + len(added)
    assert found == tuple(c for c in product if c not in excluded) + tuple(added)
    assert found == expand(axes, exclude, include)
    names = Names()
    ids = [names.take("job", c) for c in found]
    assert len({name.lower() for name in ids}) == len(found)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,110}", name) for name in ids)
