"""What a process that deploys or packages is told on its first line, and what it answers.

Secrets come by standard input too, so no list of processes shows them.
"""

import msgspec

from fairlead.deploy.order import DeployOrder, RollbackOrder
from fairlead.model.deployment import AnyDeployEvent, Live
from fairlead.model.environment import Environment
from fairlead.model.release import Manifest
from fairlead.util.decoding import json_decoder


class Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="what"):
    """``folder`` is the process's own, where it writes down what happens.

    ``key`` is the text of the private key to sign in to hosts with, empty for the worker's own.
    """

    folder: str
    key: str = ""


class Deploy(Order, frozen=True, kw_only=True, tag="deploy"):
    """``trusted`` is the public key that the release was signed with when it was made.

    With ``review`` its hosts are made ready for it first.
    """

    order: DeployOrder
    trusted: str
    review: bool = False


class RollBack(Order, frozen=True, kw_only=True, tag="rollback"):
    """As for ``Deploy``; hosts that keep the release do not ask for its file."""

    order: RollbackOrder
    trusted: str


class Package(Order, frozen=True, kw_only=True, tag="package"):
    """``repository`` has ``commit``; the release gets the number ``number``.

    ``tested`` are the pinned packages that a job of the build ran with. With ``tagging`` the
    repository may be given the tag that the project wants.
    """

    repository: str
    commit: str
    project: str
    number: int
    branch: str
    tag: str
    build: str
    verdict: str
    tested: tuple[str, ...] = ()
    tagging: bool = False
    by: str = ""


class Look(Order, frozen=True, kw_only=True, tag="look"):
    """Ask the hosts of an environment what they serve."""

    environment: Environment


class Remove(Order, frozen=True, kw_only=True, tag="remove"):
    """Remove a review environment from its hosts."""

    environment: Environment


AnyOrder = Deploy | RollBack | Package | Look | Remove


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Answers beside the events of a deployment."""


class Progressed(Said, frozen=True, kw_only=True, tag="progressed"):
    """What takes its time."""

    text: str


class Made(Said, frozen=True, kw_only=True, tag="made"):
    """A release file; ``keep`` is how many the project wants kept."""

    file: str
    manifest: Manifest
    public_key: str
    sha256: str
    size: int
    keep: int
    tag: str = ""


class Looked(Said, frozen=True, kw_only=True, tag="looked"):
    """What each host serves."""

    hosts: tuple[Live, ...]


class Removed(Said, frozen=True, kw_only=True, tag="removed"):
    """It is gone from these hosts."""

    hosts: tuple[str, ...]


class Refused(Said, frozen=True, kw_only=True, tag="refused_to"):
    """It could not be done, and why."""

    reason: str


AnySaid = AnyDeployEvent | Progressed | Made | Looked | Removed | Refused


def read_answer(line: bytes) -> AnySaid:
    """One line of such a process. Raises ``msgspec.MsgspecError`` for what is none."""
    answer: AnySaid = json_decoder(AnySaid).decode(line)
    return answer
