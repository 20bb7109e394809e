"""A plan is kept with what it rests on."""

import pytest

from fairlead.errors import PipelineError
from fairlead.model import Trigger
from fairlead.pipeline import detect
from fairlead.pipeline.native import plan as native
from fairlead.pipeline.tree import MemoryTree
from fairlead.runner.remembered import Facts, remembering

FILE = b"""\
python: "3.12"
jobs:
  unit:
    install: {requirements: [requirements.txt]}
    run: [one, "two"]
"""
FILES = {"fairlead.yml": FILE, "requirements.txt": "flask\n", "app.py": ""}


class Planner:
    """Plans from memory, and counts how often a plan was really made."""

    def __init__(self, folder):
        self.place = folder / "kept"
        self.made = 0

    def plan(self, files=FILES, trigger=None, versions=("3.12.1",)):
        facts = Facts(MemoryTree(files), {"pythons": lambda: versions})
        trigger = trigger or Trigger()

        def make():
            self.made += 1
            if (data := facts.read("fairlead.yml")) is not None:
                return native.plan(data, "fairlead.yml", facts, trigger)
            return detect.plan(facts, trigger, facts.ask("pythons"))

        return remembering(self.place, trigger, facts, make)


@pytest.fixture
def planner(tmp_path):
    return Planner(tmp_path)


def test_what_is_remembered_equals_what_was_made(planner):
    first = planner.plan()
    assert planner.plan() == first
    assert planner.made == 1


def test_a_file_that_planning_never_looked_at_may_change(planner):
    planner.plan()
    planner.plan(FILES | {"app.py": "changed = True\n"})
    assert planner.made == 1


@pytest.mark.parametrize(
    "files",
    [
        FILES | {"fairlead.yml": FILE + b"fail_fast: true\n"},
        {"test_app.py": "def test_it(): pass\n", "requirements.txt": "pytest\n"},
        FILES | {"fairlead.yml": FILE.replace(b"one", b"three")},
    ],
)
def test_other_files_give_another_plan(planner, tmp_path, files):
    planner.plan()
    assert planner.plan(files) == Planner(tmp_path / "other").plan(files)
    assert planner.made == 2


def test_a_file_that_was_missed_and_has_come_counts(planner):
    detected = {"test_app.py": "def test_it(): pass\n", "requirements.txt": "pytest\n"}
    before = planner.plan(detected)
    assert planner.plan(detected) == before
    assert planner.made == 1
    planner.plan(detected | {"setup.cfg": "[flake8]\n"})
    assert planner.made == 2


def test_another_trigger_or_machine_gives_another_plan(planner):
    detected = {"test_app.py": "def test_it(): pass\n", "requirements.txt": "pytest\n"}
    planner.plan(detected)
    planner.plan(detected, Trigger(branch="main"))
    planner.plan(detected, Trigger(branch="main"), versions=("3.9.1", "3.12.1"))
    assert planner.made == 3


def test_errors_are_told_each_time(planner):
    for _ in range(2):
        with pytest.raises(PipelineError):
            planner.plan({"fairlead.yml": b"a: 1\na: 2\n"})
    assert planner.made == 2


@pytest.mark.parametrize("kept", [b"", b"\x00garbage", b'{"key": "x"}', b"[" * 100_000])
def test_a_broken_memory_does_no_harm(planner, kept):
    planner.place.write_bytes(kept)
    assert planner.plan() == planner.plan()
    assert planner.made == 1


def test_where_nothing_can_be_kept_everything_is_made_anew(planner):
    planner.place.mkdir()
    assert planner.plan() == planner.plan()
    assert planner.made == 2


def test_a_branch_that_is_no_text_is_planned_all_the_same(planner):
    trigger = Trigger(branch="caf\udce9")
    assert planner.plan(trigger=trigger) == planner.plan(trigger=trigger)
