"""What a job has around it: services, a network, limits."""

from typing import Any

import msgspec

from fairlead.model import (
    Limits,
    Location,
    Network,
    Service,
)
from fairlead.pipeline.document import Node, Scalar
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    ListOf,
    MapOf,
    Mapped,
    OneOf,
    unplaced,
)
from fairlead.pipeline.native.parts import ENV
from fairlead.pipeline.native.reader import Reader, known_or_close
from fairlead.pipeline.native.words import (
    COMMAND,
    DURATION,
    HOST_NAME,
    JOB_NAME,
    SIZE,
    TEXT,
    number,
)

SERVICE_KINDS = ("postgres", "redis", "command")


class _Services(MapOf[Service]):
    """Services by name; what they are follows from ``kind``, ``command`` or the name."""

    def entry(self, key: Scalar, node: Node, reader: Reader) -> Service | None:
        service = super().entry(key, node, reader)
        if service is None:
            return None
        kind = service.kind or ("command" if service.command else key.text)
        if kind not in SERVICE_KINDS:
            hint = known_or_close(kind, SERVICE_KINDS[:2], "ready-made services")
            reader.error(key.location, f"the service {key.text!r} needs a `command`", hint)
        return msgspec.structs.replace(service, name=key.text, kind=kind)


def _service(location: Location, kind: str = "", **values: Any) -> Service:
    del location
    return Service(name="", kind=kind, **values)


SERVICE = Keys(
    "service",
    (
        Key("kind", Choice("postgres", "redis"), "Which of them it is.", default="its name"),
        Key("version", TEXT, "The version to start.", default="the newest there is"),
        Key(
            "command",
            COMMAND,
            "How to start any other program, in the foreground, with `{port}`, `{socket}`, "
            "`{folder}` and `{host}` filled in.",
        ),
        Key("ready", COMMAND, "A command that succeeds once the service answers."),
        Key(
            "env",
            ENV,
            "Variables for the job's steps; `{port}`, `{socket}`, `{folder}`, `{host}` are "
            "filled in.",
        ),
        Key("timeout", DURATION, "How long to wait until it is ready.", default="30 s"),
    ),
    _service,
)
SERVICES: Kind[tuple[Service, ...]] = OneOf(
    "a list of postgres and redis, or a mapping of services",
    sequence=Mapped(
        ListOf(Choice("postgres", "redis"), "a list of postgres and redis"),
        lambda names: tuple(Service(name=name, kind=name) for name in names),
    ),
    mapping=Mapped(
        _Services(SERVICE, "a mapping of services", key="a service's name", pattern=JOB_NAME),
        lambda entries: tuple(service for _, service in entries),
    ),
)

NETWORK: Kind[Network] = OneOf(
    "`full`, `none`, or a list of hosts",
    scalar=Mapped(Choice("full", "none"), lambda mode: Network(mode=mode)),
    sequence=Mapped(
        ListOf(HOST_NAME, "a list of hosts"), lambda hosts: Network(mode="hosts", hosts=hosts)
    ),
)


LIMITS = Keys(
    "limits",
    (
        Key("memory", SIZE, "Memory of all its processes.", default="the machine's setting"),
        Key("disk", SIZE, "Size its workspace may grow to.", default="the machine's setting"),
        Key("processes", number(1, 1_000_000), "Processes at once.", default="2,048"),
        Key("files", number(16, 10_000_000), "Open files of a process.", default="the machine's"),
    ),
    unplaced(Limits),
)
