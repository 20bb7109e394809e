"""Builds that stand in one line: of those that wait, only the newest is of use to anybody."""

from fairlead.model import Trigger


def line_of(trigger: Trigger) -> str | None:
    """What triggers have in common of which a newer one supersedes an older one.

    A branch's pushes and a pull request's commits are such lines. Tags, schedules and what a
    person asked for belong to none: each of them was meant.
    """
    if trigger.event == "pull_request" and trigger.pull_request:
        return f"{trigger.repository} pull_request {trigger.pull_request}"
    if trigger.event == "push" and trigger.branch:
        return f"{trigger.repository} branch {trigger.branch}"
    return None


def line_of_ended(repository: str, kind: str, name: str) -> str | None:
    """The line that ends with a deleted branch or a closed pull request; tags have none."""
    return None if kind == "tag" else f"{repository} {kind} {name}"
