"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """``queued`` builds at once, ``idle`` seconds, ``stored`` builds and ten tests for each.

    The others are rounds of what their name says; one more before them is not counted.
    """

    latency: int = 40
    noop: int = 25
    queued: int = 200
    idle: float = 30.0
    log: int = 3
    push: int = 5
    first_byte: int = 20
    chromium: int = 5
    stored: int = 100_000


QUICK = Sizes(
    latency=8, noop=6, queued=40, idle=10.0, log=1, push=2, first_byte=8, chromium=3, stored=10_000
)
