"""Looking at a release after the switch: a program on each host that tells when it turns bad."""

import json

from fairlead.deploy.commands.base import python
from fairlead.deploy.inside import program
from fairlead.deploy.layout import layout_of
from fairlead.deploy.probe import alive, name_of_site
from fairlead.model.environment import Environment
from fairlead.model.plan import Value

END, BACK = b"e", b"b"
"""What the program is told: that the time is over, or to make the old release live again."""

BAD = "bad "
WENT_BACK, STAYED = "back", "stays"
"""Lines of the program: the release is bad; the old one is live again; there was nothing to do."""


class Seen(Value, frozen=True, kw_only=True):
    """What a host's watch came to: a sentence why it is bad, or how many answers and errors."""

    bad: str = ""
    answers: int = 0
    errors: int = 0
    note: str = ""


def watch_script(
    environment: Environment,
    slot: str,
    old: str,
    *,
    processes: tuple[str, ...],
    functions: str,
) -> str:
    """Wait for a slot to become the live one and look at it until told to end, or to go back.

    Its input is one byte, ``END`` or ``BACK``. ``old`` is the slot to go back to, or empty. Hosts
    without web servers have processes to look at and nothing else.
    """
    layout, health, watch = layout_of(environment), environment.health, environment.watch
    web = "web" in processes
    question = {
        "slots": layout.slots,
        "slot": slot,
        "old": old,
        "log": layout.access_log if web else "",
        "socket": layout.socket(slot) if web else "",
        "host": name_of_site(environment),
        "tls": environment.tls is not None,
        "path": health.path,
        "status": health.status,
        "timeout": health.timeout,
        "errors": watch.errors,
        "requests": watch.requests,
    }
    # The program itself comes on standard input.
    looking = python(program("asking", "judging", "watch"), json.dumps(question))
    return f"{alive(functions, slot, processes)}exec 3<&0\n{looking}"


def read_seen(lines: list[str]) -> Seen:
    """What the program wrote."""
    notes = [line[5:] for line in lines if line.startswith("note ")]
    note = notes[-1] if notes else ""
    for line in reversed(lines):
        if line.startswith(BAD):
            return Seen(bad=line[len(BAD) :], note=note)
        if line.startswith("good "):
            answers, errors = line.split()[1:]
            return Seen(answers=int(answers), errors=int(errors), note=note)
    return Seen(bad="the watch ended without saying why", note=note)
