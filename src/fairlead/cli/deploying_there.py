"""Deploying by a server: `fairlead deploy` and `fairlead rollback` with ``--server``."""

import os
import sys
from collections.abc import Mapping

import click

_INTERRUPTED = 130


def carry_out_there(
    environment: str,
    verb: str,
    body: Mapping[str, object],
    *,
    server: str,
    project: str,
    events: bool,
    plain: bool,
) -> int:
    """Have a server do it and show it as one of our own; returns the exit code.

    ``verb`` is ``deployments`` or ``rollback``, ``body`` what the API takes. Ctrl-C ends the
    watching, and the deployment goes on.
    """
    from fairlead.cli.remote import Remote
    from fairlead.cli.view.deployment import choose_deploy_view
    from fairlead.client.deployments import ask, follow
    from fairlead.model.deployment import DeployFinished, DeployOutcome

    asked = Remote(server, project)
    said = {name: value for name, value in body.items() if value not in (None, "", (), False)}
    made = ask(asked.api, asked.project, environment, verb, said)
    click.echo(f"{made.kind} {made.number} to {made.environment}: {made.url}", err=True)
    sink = choose_deploy_view(sys.stdout, os.environ, events=events, plain=plain)
    outcome = DeployOutcome.FAILED
    try:
        for event in follow(asked.api, made):
            sink(event)
            if isinstance(event, DeployFinished):
                outcome = event.outcome
    except KeyboardInterrupt:
        sink.close()
        click.echo(f"\nstopped watching; it goes on, and can be ended at {made.url}", err=True)
        return _INTERRUPTED
    sink.close()
    codes = {DeployOutcome.LIVE: 0, DeployOutcome.CANCELLED: _INTERRUPTED}
    return codes.get(outcome, 1)


def commit_named(revision: str) -> str:
    """A commit's whole name, which is all that a server takes."""
    from pathlib import Path

    from fairlead.client.repository import commit_of

    return commit_of(Path.cwd(), revision) or revision
