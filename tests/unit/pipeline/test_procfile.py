"""Procfiles: a process a line."""

from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Location
from fairlead.pipeline.procfile import Entry, read_procfile


def test_a_process_a_line():
    entries, problems = read_procfile(
        b"# shop\n\nweb: gunicorn shop.wsgi:app --bind=0.0.0.0:$PORT\n  queue:python -m q # jobs\nbeat :  celery beat\r\n"
    )
    assert problems == ()
    assert [(entry.name, entry.command) for entry in entries] == [
        ("web", "gunicorn shop.wsgi:app --bind=0.0.0.0:$PORT"),
        ("queue", "python -m q # jobs"),
        ("beat", "celery beat"),
    ]
    assert entries[1].location == Location(file="Procfile", line=4, column=3)


def test_two_web_lines_are_a_problem_with_its_line():
    entries, (problem,) = read_procfile(b"web: one\nqueue: q\n web: two\n")
    assert [entry.command for entry in entries] == ["one", "q"]
    assert str(problem) == (
        "Procfile:3:2: web is here twice (first in line 1; several of one are `count` in fairlead.yml)"
    )
    assert not problem.warning


def test_lines_that_name_no_process():
    entries, problems = read_procfile(b"gunicorn shop.wsgi\nweb:\nbad name: x\n")
    assert entries == ()
    assert [str(problem).partition(" (")[0] for problem in problems] == [
        "Procfile:1:1: this names no process",
        "Procfile:2:1: web has no command",
        "Procfile:3:1: this names no process",
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_line_by_line(data):
    entries, problems = read_procfile(data)
    names = [entry.name for entry in entries]
    assert len(names) == len(set(names))
    assert all(isinstance(entry, Entry) and entry.command.strip() for entry in entries)
    assert all(problem.location.line for problem in problems)
