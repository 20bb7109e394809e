"""A build as it goes on: each state of it that there is, until its verdict."""

import time
from collections.abc import Iterator

from fairlead.client.api import Api
from fairlead.client.stream import LOOK, Stream, looking
from fairlead.client.values import Build

_BETWEEN = 0.25
"""Seconds between two questions, however much happens."""
_EVERY = 2.0
"""Seconds after which it is asked anyway: streams tell of jobs, not of each of their steps."""


def follow_build(api: Api, build: Build) -> Iterator[Build]:
    """The build with its jobs, whenever something about it changed; the last one has ended."""
    tag = ""
    asked = 0.0
    stream = Stream(api.connection, lambda: api.build_stream(build))
    with looking(stream, _EVERY) as events:
        for event in events:
            if event.event not in (LOOK, "changed", "end"):
                continue
            time.sleep(max(asked + _BETWEEN - time.monotonic(), 0.0))
            asked = time.monotonic()
            now, tag = api.build_changed(build.project, build.number, tag)
            if now is None:
                continue
            yield now
            if now.ended:
                return
