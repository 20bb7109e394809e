import json

from fairlead.model import RunFinished, RunResult, Trigger, encode, encode_event
from fairlead.model.plan import Origin, Plan

NAME = b"caf\xe9".decode("utf-8", "surrogateescape")


def result(**trigger):
    plan = Plan(source="f", origin=Origin.NATIVE)
    return RunResult(number=1, outcome="passed", trigger=Trigger(**trigger), plan=plan)


def test_a_name_that_is_no_text_is_written_in_ascii():
    assert json.loads(encode(result(repository=NAME)))["trigger"]["repository"] == "caf\\udce9"
    assert encode({NAME: (NAME, 1, None)}) == b'{"caf\\\\udce9":["caf\\\\udce9",1,null]}'


def test_all_else_is_as_it_was():
    value = result(repository="café", changed=("a", "b"))
    assert json.loads(encode(value))["trigger"] == {"repository": "café", "changed": ["a", "b"]}


def test_events_keep_their_kind():
    line = encode_event(RunFinished(time=1, result=result(branch=NAME)))
    assert json.loads(line)["event"] == "run_finished"
