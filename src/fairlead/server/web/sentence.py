"""One line that says how a build is."""

from fairlead.server.store.models import Build, State
from fairlead.server.web.words import one_line

_SAID = {
    State.HELD: "Waits for approval",
    State.QUEUED: "Waits for a worker",
    State.RUNNING: "Under way",
    State.PASSED: "Passed",
    State.FAILED: "Failed",
    State.ERRORED: "Could not be run",
    State.CANCELLED: "Cancelled",
}


def sentence_of(build: Build) -> str:
    """The verdict's sentence, else why it ended or waits, else its state in words."""
    if said := build.sentence or build.reason:
        line = one_line(said, 240)
        return line[:1].upper() + line[1:]
    return _SAID[State(build.state)]
