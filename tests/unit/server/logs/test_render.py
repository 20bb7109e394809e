import re

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.server.logs import lines
from fairlead.server.logs.lines import LONGEST
from fairlead.server.logs.render import Renderer

SAFE = re.compile(
    "(?:[^<>&\"'\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]"
    r"|&(?:amp|lt|gt|quot|#x27);"
    r'|<span class="ansi-[a-z0-9-]+(?: ansi-[a-z0-9-]+)*">[^<]+</span>)*'
)
hostile = st.lists(
    st.binary(max_size=4)
    | st.sampled_from([
        b"<script>alert(1)</script>", b"</span>", b'"><img src=x onerror=1>', b"&lt;", b"'",
        b"\x1b[31m", b"\x1b[<m", b'\x1b["m', b"\x1b[38;5;", b"\x1b]8;;javascript:1\x07", b"\r",
        b"\x1b[2K", b"\b", b"\n", b"::group::<b>", b"travis_fold:start:<b>\r", b"\xc2\x9b", b"\x00",
        b"<scr\x1b[mipt>", b"<scr\x00ipt>", "\u202e\u2028".encode(),
    ])
).map(b"".join)  # fmt: skip


def html(data, **start):
    renderer = Renderer(**start)
    return [line.html for line in [*renderer.feed(data), *filter(None, [renderer.rest()])]]


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_nothing_hostile_escapes(data):
    for line in html(data):
        assert SAFE.fullmatch(line), line


def test_styled_text_is_escaped_too():
    assert html(b"\x1b[31m<b>") == ['<span class="ansi-fg-1">&lt;b&gt;</span>']
    assert html(b"<i>\r\x1b[31m<b>") == ['<span class="ansi-fg-1">&lt;b&gt;</span>']
    assert html(b"<b>", style="1") == ['<span class="ansi-bold">&lt;b&gt;</span>']


def test_a_plain_line_is_only_escaped():
    assert html(b"a < b && \"c\" 'd'\n") == ["a &lt; b &amp;&amp; &quot;c&quot; &#x27;d&#x27;"]


def test_a_style_is_carried_across_lines():
    assert html(b"\x1b[31mred\nstill\n\nmore\x1b[0m end\nplain") == [
        '<span class="ansi-fg-1">red</span>',
        '<span class="ansi-fg-1">still</span>',
        "",
        '<span class="ansi-fg-1">more</span> end',
        "plain",
    ]


def test_a_style_can_be_given():
    assert html(b"x", style="1") == ['<span class="ansi-bold">x</span>']


def test_a_sequence_cut_by_a_line_end_is_none():
    assert html(b"a\x1b[3\n1mb") == ["a", "1mb"]


def test_broken_utf8_is_shown_as_such():
    assert html(b"a\xe2\x82\x1b[31mb\xff") == ['a\ufffd<span class="ansi-fg-1">b\ufffd</span>']


def test_an_open_line_is_shown_and_shown_again():
    renderer = Renderer(number=7)
    assert renderer.feed(b"10%\r20%") == []
    assert renderer.rest().html == "20%"
    assert renderer.waiting == 7
    renderer.feed(b"\r30% \x1b[1m")
    assert (renderer.rest().number, renderer.rest().html) == (7, "30% ")
    (line,) = renderer.feed(b"\n")
    assert (line.number, line.html) == (7, "30% ")
    assert renderer.rest() is None


def test_a_very_long_line_keeps_its_beginning_and_says_what_is_missing():
    renderer = Renderer()
    for _ in range(3):
        renderer.feed(b"x" * LONGEST)
    long, short = renderer.feed(b"\x1b[31m\nnext\n")
    assert (len(long.html), long.missing) == (LONGEST, 2 * LONGEST + 5)
    assert short.html == "next"


def test_memory_of_an_endless_line_is_bounded():
    splitter = lines.Splitter()
    for _ in range(100):
        list(splitter.feed(b"x" * LONGEST))
    assert len(splitter._open) == LONGEST
    assert splitter.rest().missing == 99 * LONGEST
