"""Whether a job runs for a trigger, and if not, why."""

from collections.abc import Sequence

from fairlead.model import Trigger
from fairlead.pipeline.native.values import When
from fairlead.util.globs import selects

_SHOWN = 3


def why_not(conditions: Sequence[When], trigger: Trigger) -> str:
    """The sentence for which a job is skipped; empty where it runs.

    Of several conditions one must hold; all keys of a condition must.
    """
    reasons = []
    for when in conditions:
        reason = _reason(when, trigger)
        if not reason:
            return ""
        reasons.append(reason)
    return "when: " + "; and ".join(reasons) if reasons else ""


def _reason(when: When, trigger: Trigger) -> str:
    if when.branch and not _takes(when.branch, trigger.branch):
        return f"branch is {_named(trigger.branch)}, not {_listed(when.branch)}"
    if when.tag and not _takes(when.tag, trigger.tag):
        return f"tag is {_named(trigger.tag)}, not {_listed(when.tag)}"
    if when.event and not selects(when.event, trigger.event):
        return f"event is {trigger.event}, not {_listed(when.event)}"
    changed = trigger.changed
    if when.changed and changed is not None and not any(selects(when.changed, p) for p in changed):
        return f"no changed path is {_listed(when.changed)}"
    return ""


def _takes(globs: Sequence[str], text: str | None) -> bool:
    """What is not there matches no glob, and so passes where there are only negations."""
    if text is None:
        return all(glob.startswith("!") for glob in globs)
    return selects(globs, text)


def _named(text: str | None) -> str:
    return "none" if text is None else text


def _listed(globs: Sequence[str]) -> str:
    more = f" or {len(globs) - _SHOWN} more" if len(globs) > _SHOWN else ""
    return " or ".join(globs[:_SHOWN]) + more
