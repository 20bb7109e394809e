"""What comes of an outside event."""

from fairlead.model import Trigger
from fairlead.model.plan import Value


class Ended(Value, frozen=True, kw_only=True):
    """A thing that is over, whose waiting builds nobody needs.

    ``kind`` is branch, tag or pull_request; ``name`` its name or number.
    """

    kind: str
    name: str


class Outcome(Value, frozen=True, kw_only=True):
    """A trigger, or the ``reason`` why there is none. ``ended`` goes with a reason only."""

    trigger: Trigger | None = None
    ended: Ended | None = None
    reason: str = ""


class Delivery(Value, frozen=True, kw_only=True):
    """A webhook whose sender has been proved.

    ``forge`` is github, gitlab or gitea, ``event`` the forge's own word for what happened.
    ``id`` is the name the sender gave to the delivery, for showing. ``key`` is what a repetition
    has in common with the first: whoever has seen a project's key before has seen the delivery.
    ``repository`` is the full name (``owner/name``), ``repository_id`` the forge's number for it.
    """

    forge: str
    event: str
    id: str
    key: str
    repository: str = ""
    repository_id: str = ""
    outcome: Outcome
