from hypothesis import given
from hypothesis import strategies as st

from fairlead.deploy.commands.facts import read_facts

TOLD = """refused slots
live blue
since 1700000000
slot blue {"number":7,"version":"abc","commit":"abcdef","folder":"7"}
slot green {"number":8,"vers
begun green
before green {"number":6,"version":"aaa"}
release 7 abc:1234
environment e1
journal {"name":"8","version":"def","slot":"green","by":"ada","since":1.5}
closed
closed-by-us
free 1000
machine linux_x86_64
process blue web running
process green web failed
"""


def test_reads_what_the_script_tells():
    facts = read_facts(TOLD)
    assert facts.there
    assert (facts.live, facts.since) == ("blue", 1700000000.0)
    assert facts.slots["blue"].number == 7
    assert "green" not in facts.slots, "a file that was cut off is as good as none"
    assert facts.before["green"].number == 6
    assert facts.begun == {"green"}
    assert facts.releases == {"7": "abc:1234"}
    assert facts.environments == {"e1"}
    assert facts.journal.by == "ada"
    assert facts.closed
    assert facts.closed_by_us
    assert facts.free == 1000 << 10
    assert facts.machine == "linux_x86_64"
    assert facts.running("blue", "web")
    assert not facts.running("green", "web")
    assert facts.refused == ("slots",)


def test_a_host_without_the_application():
    assert not read_facts("absent\n").there


def test_a_manager_that_does_not_answer():
    facts = read_facts("live blue\nstates-unknown supervisor does not answer: gone\n")
    assert not facts.states_known
    assert facts.trouble == "supervisor does not answer: gone"


@given(st.text())
def test_any_text_is_read(text):
    read_facts(f"live {text}\nslot blue {text}\njournal {text}\nprocess {text}\n")
