"""A server's build in this terminal until its verdict, shown as a run of our own is."""

import os
import sys
from typing import TYPE_CHECKING

import click

from fairlead.cli.view import choose_picture
from fairlead.cli.view.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fairlead.cli.view import Picture
    from fairlead.client.api import Api
    from fairlead.client.values import Build, Job, TestCase

_INTERRUPTED = 130


def watch_build(api: "Api", build: "Build", *, plain: bool = False) -> int:
    """Show a build until it has its verdict; returns the verdict's exit code.

    Ctrl-C ends the watching, and the build goes on.
    """
    picture = choose_picture(sys.stdout, os.environ, "plain" if plain else "auto", word="build")
    watch = _Watch(api, picture)
    try:
        try:
            ended = watch.until_ended(build)
        finally:
            picture.close()
    except KeyboardInterrupt:
        click.echo(
            f"\nstopped watching; build {build.name} goes on. Watch it again with"
            f" `fairlead watch {build.name}`, end it with `fairlead cancel {build.name}`.",
            err=True,
        )
        return _INTERRUPTED
    from fairlead.model import Outcome

    return Outcome(ended.state).exit_code


class _Watch:
    def __init__(self, api: "Api", picture: "Picture") -> None:
        from fairlead.client.telling import Teller

        self._api = api
        self._picture = picture
        self._build: Build | None = None
        self._teller = Teller(self._failing_tests)
        self._waiting = ""

    def until_ended(self, build: "Build") -> "Build":
        from fairlead.cli.watched import ending
        from fairlead.client.following import follow_build

        for now in follow_build(self._api, build):
            self._build = build = now
            self._say_waiting(now)
            for event in self._teller.tell(now):
                self._picture(event)
        self._picture.finish(ending(self._api, build, self._teller.failing, sys.stdout))
        return build

    def _say_waiting(self, build: "Build") -> None:
        """Why nothing happens yet, once for each reason."""
        if build.jobs or build.ended:
            return
        why = one_line(build.waiting or build.reason or "")
        text = f"build {build.name} is {build.state}" + (f": {why}" if why else "")
        if text != self._waiting:
            self._waiting = text
            click.echo(text)

    def _failing_tests(self, job: "Job", attempt: int, after: int) -> "Iterable[TestCase]":
        assert self._build is not None  # noqa: S101 — set before anything is told of it
        return self._api.failing_tests(self._build, job.place, attempt, after=after)
