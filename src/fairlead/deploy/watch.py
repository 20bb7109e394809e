"""Looking at a release after the switch: a program on each host that tells when it turns bad."""

import json

from fairlead.deploy.commands.base import python
from fairlead.deploy.inside import program
from fairlead.deploy.layout import layout_of
from fairlead.deploy.probe import alive, name_of_site
from fairlead.model.environment import Environment
from fairlead.model.plan import Value

BAD = 3
"""Exit code of a watch whose release turned bad."""


class Seen(Value, frozen=True, kw_only=True):
    """What a host's watch came to: a sentence why it is bad, or how many answers and errors."""

    bad: str = ""
    answers: int = 0
    errors: int = 0
    note: str = ""


def watch_script(
    environment: Environment,
    slot: str,
    *,
    since: float,
    processes: tuple[str, ...],
    functions: str,
) -> str:
    """Look at a host's live slot until the time is over or it is bad.

    ``since`` is the host's own time of the switch. Hosts without web servers have processes to
    look at and nothing else.
    """
    layout, health, watch = layout_of(environment), environment.health, environment.watch
    web = "web" in processes
    question = {
        "log": layout.access_log if web else "",
        "socket": layout.socket(slot) if web else "",
        "host": name_of_site(environment),
        "tls": environment.tls is not None,
        "path": health.path,
        "status": health.status,
        "timeout": health.timeout,
        "since": since,
        "seconds": watch.seconds,
        "errors": watch.errors,
        "requests": watch.requests,
    }
    return alive(functions, slot, processes) + python(
        program("asking", "watch"), json.dumps(question)
    )


def read_seen(lines: list[str]) -> Seen:
    """What the program wrote."""
    notes = [line[5:] for line in lines if line.startswith("note ")]
    note = notes[-1] if notes else ""
    for line in reversed(lines):
        if line.startswith("bad "):
            return Seen(bad=line[4:], note=note)
        if line.startswith("good "):
            answers, errors = line.split()[1:]
            return Seen(answers=int(answers), errors=int(errors), note=note)
    return Seen(bad="the watch ended without saying why", note=note)
