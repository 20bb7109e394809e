import contextlib
import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import ReportUnreadable
from fairlead.model import Coverage, FileCoverage
from fairlead.reports import coverage

# The tables of https://coverage.readthedocs.io/en/latest/dbschema.html that matter.
SCHEMA = """
CREATE TABLE coverage_schema (version integer);
CREATE TABLE meta (key text, value text, unique (key));
CREATE TABLE file (id integer primary key, path text, unique (path));
CREATE TABLE context (id integer primary key, context text, unique (context));
CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob,
    foreign key (file_id) references file (id), unique (file_id, context_id));
CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer,
    unique (file_id, context_id, fromno, tono));
"""


def datafile(*statements):
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(SCHEMA)
        for statement, *values in statements:
            database.execute(statement, values)
        database.commit()
        return database.serialize()


def lines(found):
    return {file.path: (file.executed, file.missing) for file in found.files}


FILES = ("INSERT INTO file VALUES (1, '/ws/src/a.py'), (2, '/ws/b.py')",)
BITS = datafile(
    FILES,
    ("INSERT INTO line_bits VALUES (1, 1, ?)", bytes([0b10, 0b1])),
    ("INSERT INTO line_bits VALUES (1, 2, ?)", bytes([0b1000])),
)
ARCS = datafile(FILES, ("INSERT INTO arc VALUES (1, 1, -1, 1), (1, 1, 1, 4), (1, 1, 4, -1)",))


def test_lines_of_a_data_file_are_the_union_of_its_contexts():
    assert lines(coverage.read(BITS, ".coverage", prefixes=["/ws/"])) == {
        "b.py": ((), ()),
        "src/a.py": ((1, 3, 8), ()),
    }


def test_arcs_of_a_data_file_give_the_lines_at_their_ends():
    assert lines(coverage.read(ARCS, ".coverage", prefixes=["/ws"]))["src/a.py"] == ((1, 4), ())


def test_a_data_file_is_completed_from_the_sources():
    source = b'"""Docs."""\nimport os\n\ndef f(\n    x,\n):\n    """Docs."""\n    return (\n        x\n    )\n'
    data = datafile(
        ("INSERT INTO file VALUES (1, '/ws/a.py'), (2, '/ws/gone.py'), (3, '/ws/broken.py')",),
        ("INSERT INTO line_bits VALUES (1, 1, ?)", bytes([0b00110110])),  # 1, 2, 4, 5
        ("INSERT INTO line_bits VALUES (3, 1, ?)", bytes([0b10])),
    )
    sources = {"a.py": source, "broken.py": b"def ("}
    found = coverage.read(data, ".coverage", prefixes=["/ws/"], sources=sources.get)
    assert lines(found) == {
        "a.py": ((2, 4), (8,)),
        "broken.py": ((1,), ()),
        "gone.py": ((), ()),
    }


def test_what_does_not_count_is_left_out_of_the_sources():
    source = b"""\
import typing
if typing.TYPE_CHECKING:
    import os
class A:
    def f(self): ...
    @property
    def g(self):  # pragma: no cover
        return 1
match 1:
    case 1:
        pass
try:
    pass
except ValueError:  # pragma: no cover
    raise
"""
    data = datafile(
        ("INSERT INTO file VALUES (1, 'a.py')",),
        ("INSERT INTO line_bits VALUES (1, 1, ?)", bytes([0b10])),
    )
    found = coverage.read(data, ".coverage", sources={"a.py": source}.get)
    assert lines(found) == {"a.py": ((1,), (4, 9, 10, 11, 12, 13))}


def test_coverage_json():
    data = {
        "meta": {"format": 3, "version": "7.6"},
        "files": {
            "/ws/src/b.py": {"executed_lines": [1, 2], "missing_lines": [4], "summary": {}},
            "src/a.py": {"executed_lines": [], "missing_lines": [], "excluded_lines": [1]},
        },
        "totals": {},
    }
    found = coverage.read(json.dumps(data).encode(), "coverage.json", prefixes=["/ws/"])
    assert lines(found) == {"src/a.py": ((), ()), "src/b.py": ((1, 2), (4,))}
    assert found.percent == pytest.approx(200 / 3)


COBERTURA = """<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage version="7.6" line-rate="0.5"><sources>{sources}</sources><packages><package name="."><classes>
<class name="a.py" filename="a.py"><methods/><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
<class name="a.py$1" filename="a.py"><methods><method><lines><line number="9" hits="0"/></lines></method></methods>
<lines><line number="2" hits="3"/><line number="x" hits="1"/></lines></class>
</classes></package></packages></coverage>"""


@pytest.mark.parametrize(
    ("sources", "path"),
    [
        ("<source>/ws/src</source>", "src/a.py"),
        ("<source>/ws</source>", "a.py"),
        ("<source>.</source>", "a.py"),
        ("<source></source>", "a.py"),
        ("", "a.py"),
        ("<source>/ws/src</source><source>/ws/tests/</source>", "src/a.py"),
    ],
)
def test_cobertura(sources, path):
    data = COBERTURA.format(sources=sources).encode()
    found = coverage.read(data, "coverage.xml", prefixes=["/ws/"])
    assert lines(found) == {path: ((1, 2), ())}


def test_of_several_cobertura_sources_the_one_with_the_file_counts():
    both = "<source>/ws/src</source><source>/ws/tests</source>"
    data = COBERTURA.format(sources=both).encode()
    known = {"tests/a.py": b""}
    found = coverage.read(data, "c.xml", prefixes=["/ws"], sources=known.get)
    assert list(lines(found)) == ["tests/a.py"]


def test_an_installed_project_is_found_in_its_sources():
    data = json.dumps(
        {"files": {"/env/lib/python3.12/site-packages/p/a.py": {"executed_lines": [1]}}}
    ).encode()
    found = coverage.read(data, "c.json", sources={"src/p/a.py": b""}.get)
    assert list(lines(found)) == ["src/p/a.py"]


def test_one_file_under_two_names_is_one():
    data = {"files": {"/ws/a.py": {"executed_lines": [1], "missing_lines": [2]}}}
    data["files"]["./a.py"] = {"executed_lines": [2], "missing_lines": [1, 3]}
    found = coverage.read(json.dumps(data).encode(), "c.json", prefixes=["/ws"])
    assert lines(found) == {"a.py": ((1, 2), (3,))}


MANY_FILES = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO file SELECT 1, i FROM n"""

HOSTILE = [
    datafile(("INSERT INTO file VALUES (1, 'a')",), ("INSERT INTO line_bits VALUES (1, 1, 'x')",)),
    datafile(("INSERT INTO file VALUES (1, 'a')",), ("INSERT INTO arc VALUES (1, 1, 'x', 'y')",)),
    datafile(("DROP TABLE arc",)),
    datafile(("DROP TABLE arc",), ("CREATE VIEW arc AS SELECT 1 AS fromno",)),
    datafile(
        ("DROP TABLE file",),
        ("CREATE TABLE file (id integer, path text AS (hex(zeroblob(100000000))))",),
        ("INSERT INTO file (id) VALUES (1)",),
    ),
    # A join without end: each of many lines belongs to each of many files.
    datafile(
        ("DROP TABLE file",),
        ("CREATE TABLE file (id integer, path text)",),
        ("DROP TABLE line_bits",),
        ("CREATE TABLE line_bits (file_id integer, numbits blob)",),
        (MANY_FILES,),
        ("INSERT INTO line_bits SELECT 1, zeroblob(10000) FROM file LIMIT 3000",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("data", [*HOSTILE, BITS[:5000], BITS[:4096] + b"\xff" * 4096])
def test_broken_and_hostile_data_files(data):
    with pytest.raises(ReportUnreadable, match=r"^\.coverage: .*coverage\.py"):
        coverage.read(data, ".coverage")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"!coverage.py: This is a private format", "version 5 or newer"),
        (b"{", "broken JSON"),
        (b'{"files": []}', "not a report of coverage json"),
        (b'{"files": {"a": {"executed_lines": ["x"]}}}', "not a report of coverage json"),
        (b"[" * 100_000, "not a coverage file"),
        (b'{"files":' * 100_000, "c: "),
        (b"<coverage>", "broken XML"),
        (b"<html/>", "not a Cobertura report"),
    ],
)
def test_other_broken_files(data, words):
    with pytest.raises(ReportUnreadable, match=words):
        coverage.read(data, "c")


def test_too_large():
    with pytest.raises(ReportUnreadable, match="too large"):
        coverage.read(b"{" + b" " * 50, "c", limit=50)


numbers = st.frozensets(st.integers(1, 12), max_size=6)
files = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.py"]), st.tuples(numbers, numbers))


@st.composite
def coverages(draw):
    found = draw(files)
    return Coverage(
        files=tuple(
            FileCoverage(
                path=path,
                executed=tuple(sorted(ran)),
                missing=tuple(sorted(missing - ran)),
            )
            for path, (ran, missing) in sorted(found.items())
        )
    )


@given(coverages(), coverages(), coverages())
def test_combining_does_not_depend_on_the_order(one, two, three):
    combine = coverage.combine
    assert combine([one, two]) == combine([two, one])
    assert combine([combine([one, two]), three]) == combine([one, combine([two, three])])
    assert combine([one, one]) == combine([one]) == one


@given(coverages(), coverages())
def test_a_line_is_missing_only_where_no_part_ran_it(one, two):
    both = lines(coverage.combine([one, two]))
    for part in (one, two):
        for path, (ran, missing) in lines(part).items():
            assert set(ran) <= set(both[path][0])
            assert set(missing) <= set(both[path][0]) | set(both[path][1])
    assert all(not set(ran) & set(missing) for ran, missing in both.values())


@given(st.sampled_from([BITS, ARCS, COBERTURA.encode()]), st.data())
def test_mutated_files_are_unreadable_or_read(data, draw):
    start = draw.draw(st.integers(0, len(data)))
    put = draw.draw(st.binary(min_size=1, max_size=20))
    with contextlib.suppress(ReportUnreadable):
        coverage.read(data[:start] + put + data[start + len(put) :], "c")


@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b"<", b"SQLite format 3\0"]))
def test_arbitrary_bytes_are_unreadable_or_read(data, head):
    with contextlib.suppress(ReportUnreadable):
        coverage.read(head + data, "c")
