import json

from fairlead.model import EVENTS_VERSION, Origin, Output, Plan, RunStarted, encode_event


def test_the_first_line_says_which_version_of_the_format_follows():
    plan = Plan(source="fairlead.yml", origin=Origin.NATIVE)
    line = encode_event(RunStarted(time=1.5, number=3, plan=plan))
    assert json.loads(line)["version"] == EVENTS_VERSION
    assert line.endswith(b"\n")


def test_output_that_is_not_text_is_a_line_all_the_same():
    line = encode_event(Output(time=1.5, job="unit", attempt=1, step=0, data=b"a\n\xff"))
    assert line.count(b"\n") == 1
    assert json.loads(line)["text"] == "a\n\N{REPLACEMENT CHARACTER}"
