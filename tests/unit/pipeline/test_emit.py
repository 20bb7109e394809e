from hypothesis import given
from hypothesis import strategies as st

from fairlead.pipeline.document import Mapping, Scalar, Sequence, load
from fairlead.pipeline.emit import entry, mapping, scalar

texts = st.text(
    alphabet=st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t"
    ),
    max_size=30,
)
tricky = st.sampled_from(
    [
        *("3.10", "on", "null", "~", "", "a: b", "- a", "# no", "a #b", "'x'", '"x"', "{a}"),
        *("[a]", "*a", "&a", "!a", "%a", "@a", "`a`", "a\nb", " a", "a ", "a\n", "\na"),
        *("  a\nb", "a\n\n  b", ">", "|", "a:", "?", "a, b", "x=[1]", "true", "50 min"),
        *("${A:-b}", "a 'b' \"c\"", "\\", "\\n", "\u00e9", "\u2028", "\x85", "\ufeff"),
    ]
)
values = texts | tricky


def plain(node):
    match node:
        case Scalar():
            assert not node.null
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}


@given(values)
def test_any_text_comes_back_as_it_was(text):
    data = "\n".join(entry("key", text)).encode()
    assert plain(load(data, "f")) == {"key": text}


@given(st.dictionaries(values.filter(bool), values | st.lists(values, min_size=1), max_size=4))
def test_any_mapping_comes_back_as_it_was(tree):
    data = "\n".join(mapping(tree)).encode()
    assert plain(load(data, "f")) == tree


def test_what_people_write_stays_plain():
    for text in ("pytest", "ruff check .", "sphinx-build -b html docs docs/_build/html", "50 min"):
        assert scalar(text) == text


def test_short_lists_stand_in_one_line_and_scripts_in_blocks():
    assert list(entry("a", ("b", "c"))) == ["a: [b, c]"]
    assert list(entry("a", ("b c", "d"))) == ["a:", "  - b c", "  - d"]
    assert list(entry("a", "b\nc")) == ["a: |-", "  b", "  c"]
