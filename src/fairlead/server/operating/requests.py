"""How many requests this web process answered, and how long that took."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from fairlead.server.operating.exposition import Metric, Sample, buckets

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

BOUNDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_PARTS = ("api", "git", "hooks", "internal", "static", "stream")
_LASTING = ("git", "stream")
"""These take as long as somebody pushes or looks: it says nothing about us."""


class _Times(msgspec.Struct):
    counts: list[int]
    seconds: float = 0.0


class Tally:
    """Written to by the event loop alone."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._answers: Counter[tuple[str, str]] = Counter()
        self._times: dict[str, _Times] = {}

    def counted(self, app: App) -> App:
        """The same app, its HTTP answers counted."""

        async def application(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = "none"

            async def noted(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = f"{message['status'] // 100}xx"
                await send(message)

            begin = self._clock()
            try:
                await app(scope, receive, noted)
            finally:
                self._note(part_of(scope["path"]), status, self._clock() - begin)

        return application

    def metrics(self) -> list[Metric]:
        """What was counted; for any thread."""
        answers = [
            Sample(float(count), {"part": part, "status": status})
            for (part, status), count in sorted(self._answers.copy().items())
        ]
        times: list[Sample] = []
        for part, found in sorted(self._times.copy().items()):
            known = {"part": part}
            times += (
                msgspec.structs.replace(sample, suffix="_bucket")
                for sample in buckets(BOUNDS, found.counts, known)
            )
            times += (
                Sample(found.seconds, known, "_sum"),
                Sample(sum(found.counts), known, "_count"),
            )
        return [
            Metric(
                name="http_requests_total",
                kind="counter",
                words="Requests that this web process has answered.",
                samples=answers,
            ),
            Metric(
                name="http_request_seconds",
                kind="histogram",
                words="Seconds until the last byte of an answer; not for git and streams.",
                samples=times,
            ),
        ]

    def _note(self, part: str, status: str, seconds: float) -> None:
        self._answers[part, status] += 1
        if part not in _LASTING:
            times = self._times.setdefault(part, _Times([0] * (len(BOUNDS) + 1)))
            times.counts[bisect_left(BOUNDS, seconds)] += 1
            times.seconds += seconds


def part_of(path: str) -> str:
    """Which part of the server answers at an address: few words, whatever people ask for."""
    first = path.lstrip("/").partition("/")[0]
    if first in ("healthz", "readyz", "metrics"):
        return "operating"
    return first if first in _PARTS else "pages"


TALLY = Tally()
"""Of this process."""
