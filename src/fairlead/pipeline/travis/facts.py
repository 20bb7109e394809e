"""What a trigger means in Travis' words: event type, names, and the facts for conditions."""

from fairlead.model import Trigger
from fairlead.pipeline.travis.conditions import Facts, Word
from fairlead.pipeline.travis.env import Entry
from fairlead.pipeline.travis.nodes import Keys, text

_EVENTS = {"pull_request": "pull_request", "cron": "cron", "api": "api", "manual": "api"}


def event_type(trigger: Trigger) -> str:
    """``push``, ``pull_request``, ``cron`` or ``api``; a local run counts as a push."""
    return _EVENTS.get(trigger.event, "push")


def branch_name(trigger: Trigger) -> str:
    """The branch: of a pull request the target, of a tag the tag's own name."""
    if trigger.tag and (trigger.event == "tag" or not trigger.branch):
        return trigger.tag
    return trigger.branch or ""


def facts(trigger: Trigger, config: Keys, env: Entry, settings: dict[str, str]) -> Facts:
    """What conditions on a build, stage or job can ask; encrypted variables are not among it."""
    attributes: dict[str, Word] = {
        "type": event_type(trigger),
        "repo": trigger.repository,
        "branch": branch_name(trigger),
        "tag": trigger.tag,
        "commit_message": trigger.message,
        "sender": trigger.author,
        "fork": False,
        "os": text(config.get("os")) or "linux",
        "language": text(config.get("language")) or "python",
    }
    attributes |= {key: text(config.get(key)) for key in ("dist", "group", "sudo")}
    public = {var.name: _unquoted(var.value) for var in env if not var.cipher}
    return Facts(attributes=attributes, env=settings | public)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
