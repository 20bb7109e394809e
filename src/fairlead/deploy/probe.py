"""Asking a release whether it is well: on its slot's own socket, and through nginx."""

import json

from fairlead.deploy.commands.base import python, quote
from fairlead.deploy.inside import program
from fairlead.deploy.layout import RELEASE_HEADER, layout_of
from fairlead.model.environment import Environment

_HTTP, _HTTPS = 80, 443
_THROUGH_NGINX = 0.4
"""Seconds in which it may answer wrongly through nginx once it is live: people get that answer."""


def probe_slot(environment: Environment, slot: str, version: str, functions: str) -> str:
    """A script that waits until a slot is well: status, body and version, often enough in a row.

    It fails as soon as the slot's web server has ended, or with what was wrong last when the
    time is over.
    """
    question = _question(environment, version) | {
        "socket": layout_of(environment).socket(slot),
        "patience": environment.health.patience,
        "successes": max(environment.health.successes, 1),
    }
    return alive(functions, slot, ("web",)) + _ask(question)


def probe_nginx(environment: Environment, version: str, header: bool = True) -> str:  # noqa: FBT001, FBT002
    """A script that asks nginx for the release that has just become live.

    Without ``header`` the release need not name itself: one from before that wrapper.
    """
    question = _question(environment, version, header=header) | {
        "socket": "",
        "patience": _THROUGH_NGINX,
        "successes": 1,
    }
    return _ask(question)


def alive(functions: str, slot: str, processes: tuple[str, ...]) -> str:
    """Put into ``ALIVE`` what tells whether processes of a slot run."""
    text = f"{functions}\nstate {slot} {' '.join(processes)}\n"
    return f"ALIVE={quote(text)}\nexport ALIVE\n"


def _ask(question: dict[str, object]) -> str:
    return python(program("asking", "probe"), json.dumps(question))


def _question(environment: Environment, version: str, *, header: bool = True) -> dict[str, object]:
    health, app = environment.health, environment.app
    versions = [health.version] if health.version else []
    # An application with a command of its own has no wrapper around it that would say it.
    if header and app and not app.command:
        versions.append(f"header:{RELEASE_HEADER}")
    return {
        "tls": environment.tls is not None,
        "port": _HTTPS if environment.tls else _HTTP,
        "host": name_of_site(environment),
        "path": health.path,
        "status": health.status,
        "body": health.body,
        "versions": versions if version else [],
        "version": version,
        "timeout": health.timeout,
    }


def name_of_site(environment: Environment) -> str:
    """The host name that requests of ours carry."""
    return environment.domains[0] if environment.domains else "localhost"
