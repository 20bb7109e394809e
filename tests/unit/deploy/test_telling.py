import pytest

from fairlead.deploy.telling import FirstEvent, Teller
from fairlead.errors import HostFailed
from fairlead.model.deployment import DeployPhase, DeployStarted

STARTED = DeployStarted(
    time=1.0, environment="production", release=1, version="v", commit="c", hosts=("h1",)
)


def test_a_phase_is_told_with_its_lines_and_what_came_of_it():
    events = []
    teller = Teller(events.append, ("s3cret\nsecond",))
    with teller.phase(DeployPhase.MIGRATE, "h1") as told:
        told.say("with s3cret and second")
        told.note = "s3cret is out"
    started, line, ended = events
    assert started.phase == DeployPhase.MIGRATE
    assert line.text == "with [secret] and [secret]"
    assert (ended.ok, ended.note) == (True, "[secret] is out")


def test_a_failure_is_told_and_goes_on_its_way():
    events = []
    teller = Teller(events.append, ("s3cret",))
    with pytest.raises(HostFailed), teller.phase(DeployPhase.PROBE):
        raise HostFailed("h1: s3cret")
    assert (events[-1].ok, events[-1].note) == (False, "h1: [secret]")


def test_nothing_is_sent_before_the_first_event():
    events = []
    first = FirstEvent(events.append)
    teller = Teller(first)
    teller.notice("early")
    assert events == []
    first.begin(STARTED)
    first.begin(STARTED)
    teller.notice("late")
    assert events[0] is STARTED
    assert [event.text for event in events[1:]] == ["early", "late"]


def test_a_listener_that_fails_is_asked_no_more():
    heard = []

    def listen(event):
        heard.append(event)
        raise ConnectionError("the database went away")

    first = FirstEvent(listen)
    first.begin(STARTED)
    Teller(first).notice("more")
    assert heard == [STARTED]
    assert isinstance(first.broken, ConnectionError)
