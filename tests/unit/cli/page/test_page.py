from html.parser import HTMLParser

import pytest

from fairlead.cli.page import build_page
from fairlead.cli.page.grid import make_grid
from fairlead.cli.page.source import annotate
from fairlead.cli.page.times import slowest, timelines

VOID = {"meta", "link", "input", "br", "img"}


class Document(HTMLParser):
    """Collects what the tests ask about, and checks that every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.texts, self.links = [], [], [], [], []
        self.attributes = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if not {"style", "script", "title"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def page_of(runs, name, log=b"\x1b[31mF821\x1b[0m Undefined name\n"):
    return build_page(
        getattr(runs, name)(), read_source=runs.SOURCES.get, read_log=lambda _failure: log
    )


@pytest.fixture(params=["passed", "failed", "errored", "cancelled", "hostile"])
def page(runs, request):
    return page_of(runs, request.param)


def test_the_page_is_one_well_formed_document(page):
    document = Document(page)
    assert document.tags.count("h1") == 1
    assert document.tags.count("main") == 1
    assert len(document.ids) == len(set(document.ids))
    assert {link[1:] for link in document.links} <= set(document.ids)


def test_the_page_asks_for_nothing(page):
    for _tag, name, value in Document(page).attributes:
        if name in ("src", "href"):
            assert value.startswith("#") or value == "data:,"
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_page_s_own_script_may_run(page):
    assert page.count("<script") == 1
    assert "default-src 'none'" in page
    for _tag, name, _value in Document(page).attributes:
        assert not name.startswith("on")


def test_what_a_project_wrote_is_text(runs):
    document = Document(page_of(runs, "hostile", runs.HOSTILE.encode("utf-8", "surrogatepass")))
    assert "img" not in document.tags
    assert document.text.count("<script>alert(1)</script>") > 15
    assert not set("".join(document.texts)) & {"\x1b", "\x07", "\x00", "\u202e", "\udcff"}


def test_the_verdict_comes_first(runs):
    text = Document(page_of(runs, "failed")).text
    first = text.index("2 new test failures in unit (3.12, 3.13), 2 new violations")
    assert first < text.index("Jobs") < text.index("Failures")


def test_failures_carry_output_and_how_to_see_them_again(runs):
    page = page_of(runs, "failed")
    text = Document(page).text
    assert "fairlead run unit --python 3.12 -k test_statement_of_a_foreign_account" in text
    assert "in unit-3.12, unit-3.13 · tests/test_balance.py:42" in text
    assert '<span class="a-2">+1250.00</span>' in page
    assert "failed after 0.5 s: exit code 1F821 Undefined name" in text
    assert "rates: using the bundled table" in text


def test_figures_and_notices_are_there(runs):
    text = Document(page_of(runs, "failed")).text
    for words in (
        "1,056 tests 2 failed, 27 skipped",
        "coverage 74.4 % -1.8 from 76.2 %",
        "of the changed lines covered 66.6 % 2 lines without a test",
        "pylint score 8.75 +0.25 from 8.50",
        "web-3.12-django5.2 ran not isolated: bubblewrap is not installed",
        "deploy: branch is statement-currency, not main",
        "Python 3.12.1",
        "werkzeug==3.1.3",
        "failed (allowed)",
        "2 attempts",
        "21:5 error Undefined name `FrozenAccount` new ruff F821 raise FrozenAccount(account.number)",
    ):
        parts = words.split(" ")
        assert all(part in text for part in parts), words


def test_a_huge_run_stays_a_page_of_bounded_size(runs):
    source = b"value = compute()\n" * 5000
    page = build_page(runs.huge(), read_source=lambda _path: source, read_log=lambda _failure: b"")
    assert len(page) < 5_000_000
    text = Document(page).text
    assert "90 more failures" in text
    assert "lines left out" in text
    assert "3,999 more violations left out for size." in text
    assert "198 jobs passed" in text


def test_the_grid_has_a_column_a_version_and_a_row_a_name(runs):
    grid = make_grid(runs.failed())
    assert grid.versions == ("3.9", "3.11", "3.12", "3.13")
    rows = {(row.name, row.axes): row for row in grid.rows}
    assert [cell.job for cell in rows["lint", ""].wide] == ["lint"]
    unit = rows["unit", ""]
    assert [[cell.outcome for cell in cells] for cells in unit.cells] == [
        ["passed"], ["passed"], ["failed"], ["failed"],
    ]  # fmt: skip
    assert rows["web", "django 4.2"].cells[2][0].allowed
    assert rows["docs", ""].cells[2][0].reused


def test_source_is_shown_around_the_lines_that_no_test_ran(runs):
    run = runs.failed()
    first, second, *rest = annotate(run.report.coverage, run.comparison, runs.SOURCES.get)
    assert first.path == "ledger/balance.py"
    assert (first.missing, first.changed) == (6, 2)
    assert [(hunk[0].number, hunk[-1].number) for hunk in first.hunks] == [
        (8, 14),
        (16, 24),
        (27, 32),
    ]
    marks = {line.number: (line.state, line.changed) for hunk in first.hunks for line in hunk}
    assert marks[11] == ("missed", False)
    assert marks[12] == ("ran", False)
    assert marks[17] == ("", False)
    assert marks[30] == ("missed", True)
    assert second.path == "ledger/client.py"
    assert all(not file.hunks for file in rest)


def test_source_that_is_gone_or_shorter_than_its_coverage_is_said_or_left_out(runs):
    run = runs.failed()
    gone = annotate(run.report.coverage, None, lambda _path: None)
    assert {file.why for file in gone if file.missing} == {"its source is not there any more"}
    short = annotate(run.report.coverage, None, lambda _path: b"one\ntwo\n")
    assert all(not file.hunks for file in short)
    large = annotate(run.report.coverage, None, lambda _path: b"x" * (3 << 20))
    assert "its source is too large to show" in {file.why for file in large}


def test_times_lie_on_one_axis(runs):
    lines = timelines(runs.failed())
    assert [line.start for line in lines] == sorted(line.start for line in lines)
    assert [line.attempt for line in lines if line.job == "web-3.13-django5.2"] == [1, 2]
    for line in lines:
        assert all(0 <= bar.start <= 100 for bar in line.bars)
        assert line.phases == (0.03, 0.02, 0.41, 3.11, 0.05)


def test_the_slowest_tests_are_listed_once_each(runs):
    found = slowest(runs.passed())
    assert len(found) == 20
    assert len({test.name for test in found}) == 20
    assert found[0].share == 100.0
    assert [test.seconds for test in found] == sorted(
        (test.seconds for test in found), reverse=True
    )
