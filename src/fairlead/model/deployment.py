"""What happens while a release goes to its hosts, and what came of it.

One stream of events as for runs: the terminal, the page and JSON lines read the same.
"""

from enum import StrEnum

import msgspec

from .event import _snake
from .plan import Value

DEPLOYMENT_VERSION = 1


class DeployPhase(StrEnum):
    """The parts of a deployment in the order they come.

    ENTER to EXIT are the classic nine; CONNECT, PROBE, SWITCH, WATCH and RETIRE are what makes
    them safe. On the way RESTART starts the idle slot (and, after the switch, the workers).
    """

    CONNECT = "connect"
    UPLOAD = "upload"
    CLEAN = "clean"
    INSTALL = "install"
    STATIC = "static"
    RESTART = "restart"
    PROBE = "probe"
    ENTER = "enter maintenance"
    MIGRATE = "migrate"
    SWITCH = "switch"
    FLUSH = "flush"
    EXIT = "exit maintenance"
    WATCH = "watch"
    RETIRE = "retire"
    BACK = "back"


class DeployOutcome(StrEnum):
    """How a deployment ends.

    LIVE: it serves. REFUSED: nothing changed anywhere. ROLLED_BACK: what had changed is as
    before. FAILED: it could not be put back everywhere, and a person is needed. CANCELLED: a
    person ended it before the switch.
    """

    LIVE = "live"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeployEvent(Value, frozen=True, kw_only=True, tag_field="event", tag=_snake):
    """Base of the events of a deployment; ``time`` is Unix seconds."""

    time: float


class DeployStarted(DeployEvent, frozen=True, kw_only=True, omit_defaults=False):
    """The first event. ``release`` is 0 for one without a number; ``previous`` is what was live."""

    environment: str
    release: int
    version: str
    commit: str
    hosts: tuple[str, ...]
    previous: str = ""
    by: str = ""
    kind: str = "deploy"
    """``deploy`` or ``rollback``."""
    forced: bool = False
    format: int = DEPLOYMENT_VERSION


class PhaseStarted(DeployEvent, frozen=True, kw_only=True):
    """A phase begins on a host; ``host`` is empty for what concerns all of them."""

    phase: DeployPhase
    host: str = ""


class PhaseEnded(DeployEvent, frozen=True, kw_only=True):
    """A phase is over on a host. ``note`` says what came of it in a few words."""

    phase: DeployPhase
    host: str = ""
    ok: bool = True
    skipped: bool = False
    seconds: float = 0.0
    note: str = ""


class PhaseOutput(DeployEvent, frozen=True, kw_only=True):
    """A line that a phase wrote, secrets masked, without its line end."""

    phase: DeployPhase
    host: str = ""
    text: str = ""


class DeployNotice(DeployEvent, frozen=True, kw_only=True):
    """Something a person should know, such as advice on a migration."""

    text: str
    warning: bool = False


class DeployFinished(DeployEvent, frozen=True, kw_only=True):
    """The last event: what came of it in a sentence, and pairs of a host and what it serves."""

    outcome: DeployOutcome
    sentence: str
    seconds: float = 0.0
    live: tuple[tuple[str, str], ...] = ()


AnyDeployEvent = (
    DeployStarted | PhaseStarted | PhaseEnded | PhaseOutput | DeployNotice | DeployFinished
)


def encode_deploy_event(event: AnyDeployEvent) -> bytes:
    """One line of JSON, without its line end."""
    return msgspec.json.encode(event)


class Live(Value, frozen=True, kw_only=True):
    """What one host serves: read from the host itself.

    ``slot`` is blue or green, empty where nothing was ever deployed; ``since`` Unix seconds.
    ``warm`` is the version in the other slot where that still runs. ``reached`` is false for a host
    that could not be asked; ``note`` says why, as it says what keeps one from being ``healthy``.
    ``busy`` says who deploys to it right now, ``died`` who began to and never came to an end.
    """

    host: str
    slot: str = ""
    release: int = 0
    version: str = ""
    commit: str = ""
    since: float = 0.0
    by: str = ""
    warm: str = ""
    warm_release: int = 0
    healthy: bool | None = None
    note: str = ""
    maintenance: bool = False
    reached: bool = True
    busy: str = ""
    died: str = ""


class Past(Value, frozen=True, kw_only=True):
    """One line of an environment's history, as it is kept on each host."""

    time: float
    kind: str
    release: int
    version: str
    commit: str
    outcome: DeployOutcome
    by: str = ""
    seconds: float = 0.0
    sentence: str = ""
    forced: bool = False
    previous: str = ""
