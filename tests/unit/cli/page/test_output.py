import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.cli.page.output import bounded, output_html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("\x1b[31mred\x1b[0m plain", '<span class="a-1">red</span> plain'),
        ("\x1b[1;32mbold\x1b[22mthin\x1b[m", '<span class="a-b a-2">bold</span><span class="a-2">thin</span>'),
        ("\x1b[38;5;196mx\x1b[38;2;1;2;3my", "xy"),
        ("\x1b[91mbright\x1b[39m", '<span class="a-1">bright</span>'),
        ("\x1b[31m<b>\x1b[0m", '<span class="a-1">&lt;b&gt;</span>'),
        ("\x1b[2J\x1b]0;t\x07x", "x"),
        (">   line\nE   error", '<span class="tb-g">&gt;   line</span>\n<span class="tb-e">E   error</span>'),
        ("name\udcff", "name\ufffd"),
        ("\x1b[38m", ""),
    ],
)  # fmt: skip
def test_text_becomes_html(text, shown):
    assert str(output_html(text)) == shown


def test_long_text_keeps_its_beginning_and_its_end():
    lines = bounded("\n".join(map(str, range(100))), 8).split("\n")
    assert lines == ["0", "1", "… 92 lines left out …", "94", "95", "96", "97", "98", "99"]
    assert bounded("x" * 5000, 8).endswith(" … 4,000 characters more")


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>&\"'\x1b[0;1mE "))))
def test_whatever_comes_only_our_own_spans_are_tags(text):
    shown = str(output_html(text))
    bare = re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", shown)
    assert "<" not in bare
    assert ">" not in bare
    assert not set(html.unescape(bare)) & set(map(chr, range(9)))
