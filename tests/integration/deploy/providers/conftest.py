"""A release of a few files, and an order that is carried out with its events gathered."""

import asyncio
import io
import tarfile

import pytest

from fairlead.deploy import providers
from fairlead.deploy.order import DeployOrder, RollbackOrder
from fairlead.deploy.providers import carrying
from fairlead.model.deployment import DeployNotice, PhaseEnded, PhaseOutput
from fairlead.model.environment import Environment
from fairlead.model.release import Manifest, Release
from fairlead.release.archive import PAYLOAD, Piece, write_payload

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSION = COMMIT[:12]


@pytest.fixture
def release(tmp_path):
    """Release 7, whose build passed."""
    payload = io.BytesIO()
    pieces = [
        Piece(path="source/app.py", data=b"app = 1\n"),
        Piece(path="source/bin/publish", data=b"#!/bin/sh\necho published\n", executable=True),
        Piece(path="source/.profile", data=b"export A=1"),
        Piece(path="source/link", link="app.py"),
        Piece(path="wheels/x.whl", data=b"not for platforms"),
    ]
    members = write_payload(pieces, payload, 1700000000)
    file = tmp_path / "shop.release"
    with tarfile.open(file, "w") as outer:
        info = tarfile.TarInfo(PAYLOAD)
        info.size = payload.tell()
        payload.seek(0)
        outer.addfile(info, payload)
    manifest = Manifest(
        project="shop",
        version=VERSION,
        commit=COMMIT,
        branch="main",
        verdict="passed",
        members=members,
    )
    return Release(number=7, manifest=manifest, file=str(file), sha256="", size=0, created=0.0)


class Carried:
    """What came of an order, and everything that was told."""

    def __init__(self, finished, events):
        self.finished = finished
        self.events = events
        self.outcome = finished.outcome
        self.lines = [event.text for event in events if isinstance(event, PhaseOutput)]
        self.notices = [event.text for event in events if isinstance(event, DeployNotice)]
        self.phases = [
            (str(event.phase), event.ok) for event in events if isinstance(event, PhaseEnded)
        ]
        self.text = "\n".join(map(repr, events))


@pytest.fixture
def carry(release):
    """Carry an order to an environment out.

    ``when`` stops it at a line it writes, and those that follow cancel who waits for it.
    """

    def carry(environment, *, way=None, back=None, when="", **order):
        if back is None:
            made = DeployOrder(environment=environment, release=release, **order)
        else:
            made = RollbackOrder(environment=environment, to=back, **order)
        events = []

        async def act():
            stop, mine = asyncio.Event(), asyncio.current_task()

            def emit(event):
                events.append(event)
                if when and when in getattr(event, "text", ""):
                    if stop.is_set():
                        asyncio.get_running_loop().call_soon(mine.cancel)
                    stop.set()

            if way:
                return await carrying.carry(made, way(made), emit, stop)
            call = providers.deploy if back is None else providers.rollback
            return await call(made, emit, stop, connect=None)

        return Carried(asyncio.run(act()), events)

    return carry


@pytest.fixture
def script():
    """An environment whose commands are the keywords."""

    def script(**options):
        return Environment(
            name="prod", provider="script", options=tuple(options.items()), env=(("A", "it's\n$B"),)
        )

    return script
