from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from fairlead.server.logs.render import Renderer
from fairlead.server.streams.rows import row, steps_html


def rendered(data):
    return Renderer().feed(data)


def rows(data):
    return [row(line) for line in rendered(data)]


def test_a_row_is_a_number_that_links_to_itself_and_the_text():
    assert rows(b"a <b>\n") == ['<p id="L1"><a href="#L1">1</a><span>a &lt;b&gt;</span></p>']


def test_folds_are_told_in_an_attribute():
    (begin, end) = rows(b"travis_fold:start:a.b\r\x1b[0KTitle\ntravis_fold:end:a.b\r\x1b[0K\n")
    assert begin == '<p id="L1" data-fold="+a.b"><a href="#L1">1</a><span>Title</span></p>'
    assert end == '<p id="L2" data-fold="-a.b"><a href="#L2">2</a><span></span></p>'
    assert "<span>b</span>" in rows(b"section_start:1:b\r\x1b[0K\n")[0]


def test_what_is_left_out_of_a_long_line_is_said():
    (shown,) = rows(b"x" * 70_000 + b"\n")
    assert "<i>… 4,464 more bytes: see the raw log</i>" in shown


def test_lines_are_grouped_by_the_step_that_wrote_them():
    lines = rendered(b"a\nb\nc\n")
    html = steps_html(zip((0, 0, 1), lines, strict=True))
    assert html.count("<div ") == 2
    assert html.startswith('<div data-step="0"><p id="L1">')
    assert html.endswith("</p></div>")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.add((tag, *(name for name, _ in attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


MARKS = [b"travis_fold:start:", b"::group::", b"\x1b[31m", b"\x1b[0K", b"\r", b'">', b"<script>", b"&", b"section_start:1:x"]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(MARKS), st.binary(max_size=8)), max_size=12))
def test_whatever_was_written_there_are_no_tags_but_ours_and_no_line_ends(parts):
    data = b"".join(parts) + b"\n"
    html = steps_html((0, line) for line in rendered(data))
    assert "\n" not in html
    assert "\r" not in html
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert not tags.open
    assert tags.seen <= {
        ("div", "data-step"), ("p", "id"), ("p", "id", "data-fold"), ("a", "href"), ("span",),
        ("span", "class"), ("i",),
    }  # fmt: skip
