"""A job's log, byte for byte, also while it is being written."""

from collections.abc import Iterator

from fairlead.client.api import Api
from fairlead.client.errors import ServerRefused, ServerUnintelligible, ServerUnreachable
from fairlead.client.stream import LOOK, Stream
from fairlead.client.values import ENDED, Attempt, Build, Job

_PARTIAL = 206
_NOTHING_THERE = (404, 416)
"""Answers to a range that begins where the log ends for now."""


class LogReader:
    """Reads the log of one attempt; ``offset`` is how many bytes were handed out, from 0.

    The stream only tells that there is more: the bytes come by ranges that begin where the last
    one ended, so none is lost or doubled whatever breaks off.
    """

    def __init__(self, api: Api, build: Build, place: int, attempt: int, offset: int = 0) -> None:
        self._api = api
        self._build = build
        self._place = place
        self._attempt = attempt
        self.offset = offset

    def rest(self) -> Iterator[bytes]:
        """What there is by now, behind what was handed out; goes on where a transfer broke."""
        waits = self._api.connection.waits()
        while True:
            before = self.offset
            try:
                yield from self.once()
            except ServerUnreachable:
                if self.offset > before:
                    waits = self._api.connection.waits()
                if not _slept(waits):
                    raise
            except ServerRefused as error:
                if error.status in _NOTHING_THERE and self.offset:
                    return
                if error.status not in (502, 503, 504) or not _slept(waits):
                    raise
            else:
                return

    def follow(self) -> Iterator[bytes]:
        """All of the log until the attempt is over."""
        stream = Stream(self._api.connection, self._address, lambda: str(self.offset or ""))
        for event in stream.events():
            if event.event == LOOK:
                over = self._over()
                yield from self.rest()
                if over:
                    return
            elif event.event == "end":
                yield from self.rest()
                if self._over():
                    return
            elif event.event == "open" or (event.event == "lines" and self._is_new(event.id)):
                yield from self.rest()

    def _is_new(self, position: str) -> bool:
        return not position.isdecimal() or int(position) > self.offset

    def _address(self) -> str:
        return self._api.log_stream(self._build, self._place, self._attempt)

    def _over(self) -> bool:
        """Whether the attempt had ended: what is read after that is all there is."""
        return attempt_of(self._api.job(self._build, self._place), self._attempt).state in ENDED

    def once(self) -> Iterator[bytes]:
        """What there is by now, without going on where the transfer breaks off."""
        with self._api.log(self._build, self._place, self._attempt, self.offset) as answer:
            # A server that knows no ranges begins anew.
            skip = 0 if answer.status_code == _PARTIAL else self.offset
            if answer.status_code == _PARTIAL:
                self._check(answer.headers.get("Content-Range", ""))
            for piece in answer.iter_bytes():
                new = piece[skip:]
                skip -= len(piece) - len(new)
                self.offset += len(new)
                if new:
                    yield new

    def _check(self, content_range: str) -> None:
        start = content_range.removeprefix("bytes").strip().partition("-")[0]
        if start != str(self.offset):
            raise ServerUnintelligible(
                f"asked for the log from byte {self.offset}, the server sends {content_range!r}"
            )


def attempt_of(job: Job, number: int) -> Attempt:
    """The attempt of that number. Raises ``UsageError`` where there is none."""
    from fairlead.errors import UsageError

    for attempt in job.attempts:
        if attempt.number == number:
            return attempt
    raise UsageError(
        f"job {job.key} has no attempt {number}", hint=f"it has had {len(job.attempts)}"
    )


def _slept(waits: Iterator[float]) -> bool:
    import time

    pause = next(waits, None)
    if pause is None:
        return False
    time.sleep(pause)
    return True
