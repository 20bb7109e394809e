"""The YAML loader: texts stay texts, every problem has its place, hostile files are refused."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fairlead.errors import PipelineError
from fairlead.pipeline import parser
from fairlead.pipeline.document import Mapping, Scalar, Sequence, load


@pytest.fixture(params=["compiled", "pure"], autouse=True)
def _parser(request, monkeypatch):
    if request.param == "pure":
        monkeypatch.setattr(parser, "_LOADER", yaml.SafeLoader)


def plain(node):
    """A node as lists, dicts and texts."""
    if isinstance(node, Scalar):
        return None if node.null else node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.entries}


def read(text):
    return plain(load(text.encode(), "f.yml"))


def complaint(data):
    with pytest.raises(PipelineError) as caught:
        load(data if isinstance(data, bytes) else data.encode(), "f.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["3.10", "on", "yes", "NO", "1e3", "0x1f", "1_000", "2024-01-01", "12:30:45", "=", ".inf"],
)
def test_nothing_is_guessed(text):
    assert read(f"a: {text}\n{text}x: b") == {"a": text, f"{text}x": "b"}


@pytest.mark.parametrize("text", ["on", "3.10", "true"])
def test_keys_stay_texts_too(text):
    assert read(f"{text}: a") == {text: "a"}


@pytest.mark.parametrize("text", ["", "~", "null", "Null"])
def test_nothing_is_null_only_where_it_is_not_quoted(text):
    found = load(f'[{text or "~"}, "{text}"]'.encode(), "f.yml")
    assert [item.null for item in found.items] == [True, False]
    assert [item.plain for item in found.items] == [True, False]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff", "~\n"])
def test_an_empty_file_is_an_empty_mapping(text):
    found = load(text.encode(), "f.yml")
    assert found.entries == ()
    assert (found.location.line, found.location.column) == (1, 1)


def test_places_count_from_one():
    found = load(b"a:\n  - b\n  - {c: d}\n", "dir/f.yml")
    assert str(found.get("a").items[1].get("c").location) == "dir/f.yml:3:9"
    assert found.get("b") is None


def test_columns_are_characters_not_bytes():
    assert str(load("ä: ü".encode(), "f").get("ä").location) == "f:1:4"


def test_a_byte_order_mark_and_carriage_returns_are_accepted():
    assert plain(load(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")) == {"a": "1", "b": "2"}


def test_anchors_aliases_and_merges():
    text = """
x: &x {a: 1, b: 2}
y: &y {b: 3, c: 4}
one: {<<: *x, b: 9}
two: {<<: [*x, *y], d: 5}
three: &z {<<: *y, e: 6}
four: {<<: *z}
five: *x
six: {"<<": text}
"""
    found = read(text)
    assert found["one"] == {"b": "9", "a": "1"}
    assert found["two"] == {"d": "5", "a": "1", "b": "2", "c": "4"}
    assert found["four"] == {"e": "6", "b": "3", "c": "4"}
    assert found["five"] == {"a": "1", "b": "2"}
    assert found["six"] == {"<<": "text"}


def test_an_anchor_can_be_set_anew():
    assert read("[&a 1, *a, &a 2, *a]") == ["1", "1", "2", "2"]


def test_all_double_keys_are_named_with_both_places():
    assert complaint("a: 1\nb: 1\na: 2\nc: {d: 1, d: 2}\n") == (
        "f.yml:3:1: the key 'a' is here twice (first f.yml:1:1)\n"
        "f.yml:4:11: the key 'd' is here twice (first f.yml:4:5)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: 1", "f.yml:2:1: a tab is used for indentation (use spaces)"),
        ("a:\n  b: 1\n \tc: 1", "f.yml:3:2: a tab is used for indentation (use spaces)"),
        ("a: 1\n---\nb: 1", "f.yml:2:1: a second document begins here; only one is allowed (remove the line ---)"),
        ("a: !!python/object:os.system x", "f.yml:1:4: the tag !!python/object:os.system is not allowed here (write the value without it)"),
        ("a: !!python/name:os.system ''", "f.yml:1:4: the tag !!python/name:os.system is not allowed here (write the value without it)"),
        ("a: !main", "f.yml:1:4: the tag !main is not allowed here (quote a text that begins with !)"),
        ("a: *b", "f.yml:1:4: *b has no anchor &b before it"),
        ("a: &a [1, *a]", "f.yml:1:11: *a stands inside its own anchor &a"),
        ("a: &a {<<: *a}", "f.yml:1:12: *a stands inside its own anchor &a"),
        ("a: {{ b }}", "f.yml:1:5: a key must be a text (quote it, if braces or brackets are meant as text)"),
        ("? [a]\n: b", "f.yml:1:3: a key must be a text (quote it, if braces or brackets are meant as text)"),
        ("a: {<<: [b]}", "f.yml:1:9: << takes a mapping or a list of mappings"),
        ("a: \x07", "f.yml:1:4: the control character U+0007 is not allowed"),
    ],
)  # fmt: skip
def test_messages(text, said):
    assert complaint(text) == said


@pytest.mark.parametrize(
    "text", ["a: @b", "a: b: c", 'a: "b', "a: [1, 2", "%YAML 9.0\n---\na", "- a\n-b\n"]
)
def test_what_is_not_yaml_has_a_place_and_a_reason(text):
    said = complaint(text)
    assert said.startswith(("f.yml:1:", "f.yml:2:", "f.yml:3:"))
    assert "not YAML: " in said


def test_a_text_that_begins_with_an_exclamation_mark_wants_quotes():
    assert "quote a text that begins with !" in complaint("a: [!x]")


@pytest.mark.parametrize("text", ["!!set {a, b}", "!!python/tuple [1]", "!!omap [a: 1]"])
def test_tags_of_lists_and_mappings_are_refused(text):
    assert "is not allowed here (write the value without it)" in complaint(f"a: {text}")


@pytest.mark.parametrize("text", ["!!str 3", "! 3", "!!str ~"])
def test_a_tag_for_text_does_no_harm(text):
    assert load(f"a: {text}".encode(), "f").get("a").plain is False


def test_an_open_bracket_is_led_back_to_its_line():
    assert complaint("a: 1\nb: [1,\n2\n").endswith("(it begins in line 2)")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfea\0", "f.yml:1:1: the file is not UTF-8: byte 0xff (save it as UTF-8)"),
        (b"a: b\nc: \xe4", "f.yml:2:4: the file is not UTF-8: byte 0xe4 (save it as UTF-8)"),
    ],
)
def test_other_encodings(data, said):
    assert complaint(data) == said


def test_five_megabytes_are_refused():
    said = complaint(b"- a\n" * (5_000_000 // 4))
    assert said == "f.yml: the file is 5.0 MB large; at most 1 MiB is read"


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    assert "f.yml:5:" in (said := complaint("\n".join(lines)))
    assert "more than 20,000 values" in said


def test_a_merge_bomb_is_refused():
    lines = [f"a0: &a0 {{{', '.join(f'k{n}: v' for n in range(100))}}}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 50)}]}}" for n in range(1, 9)]
    assert "more than 20,000 values" in complaint("\n".join(lines))


def test_many_values_are_refused():
    assert "more than 20,000 values" in complaint("[" + "x," * 20_000 + "]")


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000, "? " * 5000])
def test_deep_nesting_is_refused(text):
    assert "nested more than 100 deep" in complaint(text)


def test_deep_nesting_by_aliases_is_refused():
    lines = ["a0: &a0 []"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 150)]
    assert "nested more than 100 deep" in complaint("\n".join(lines))


def only_our_errors(data):
    problems = []
    try:
        found = load(data, "f.yml")
    except PipelineError as error:
        found, problems = None, error.problems
    assert isinstance(found, Scalar | Sequence | Mapping) or problems
    assert all(problem.location.file == "f.yml" for problem in problems)


_YAML = st.text(alphabet="ab:-[]{},&*!|>'\"%@`#?<\n\t ~\\\u2028\x85\ufeff", max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode), _YAML.map(str.encode))
)
@example(b"\xed\xa0\x80")
@example(b"a: &\n")
@example(b"%TAG ! x\n--- !y a")
def test_nothing_but_our_own_errors(data):
    only_our_errors(data)


_TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
_VALUE = st.recursive(
    _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(_TEXT, _VALUE, min_size=1, max_size=4))
def test_what_was_written_is_read_back(value):
    text = yaml.safe_dump(value, allow_unicode=False, default_style='"')
    assert read(text) == value
