"""What a project lets start builds: filters, schedules, approvals and questions, checked."""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from fairlead.errors import TriggerInvalid
from fairlead.triggers.filters import Filters
from fairlead.triggers.manual import Parameter, check_declared
from fairlead.util.decoding import from_plain

ALWAYS: Final = "always"
FIRST: Final = "first"
NEVER: Final = "never"
"""When a build of an untrusted pull request waits for a person; see ``Rules.approve``."""

_Hours = Annotated[int, msgspec.Meta(ge=0, le=8784)]


class Rules(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project's ``triggers``.

    ``approve`` is for untrusted pull requests: with ``first`` the first build of each commit
    waits, with ``always`` every build. ``zone`` is where a schedule's hours are counted, and a
    schedule leaves a branch out that was built less than ``skip_built`` hours ago (0: never).
    ``parameters`` are asked before a manual build; ``None`` takes any, without asking.
    """

    approve: Literal["always", "first", "never"] = FIRST
    zone: str = "UTC"
    skip_built: _Hours = 0
    parameters: tuple[Parameter, ...] | None = None


def read_rules(raw: object) -> Rules:
    """Rules from a JSON object.

    Raises ``TriggerInvalid`` for what is no rule; nothing may then be built by itself, since a
    filter that cannot be read may have been there to keep something out.
    """
    try:
        rules = from_plain(raw, Rules)
    except msgspec.ValidationError as error:
        raise TriggerInvalid(f"the project's triggers cannot be read: {error}") from error
    read_zone(rules.zone)
    for one in rules.parameters or ():
        if problem := check_declared(one):
            raise TriggerInvalid(f"the parameter {one.name[:64]!a}: {problem}")
    return rules


def read_zone(name: str) -> ZoneInfo:
    """A time zone by its name (``Europe/Berlin``); raises ``TriggerInvalid``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        hint = "names are like Europe/Berlin or UTC"
        raise TriggerInvalid(f"no such time zone: {name[:80]!a}", hint=hint) from error
