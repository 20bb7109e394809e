"""The last builds as bars: one path each, as high as it took long."""

from collections.abc import Sequence
from math import sqrt

import msgspec

from fairlead.server.store.models import ENDED, Build, State
from fairlead.server.web.words import duration

WIDTH, HEIGHT, COUNT = 240, 32, 30
_LEAST, _GAP = 7, 2


class Bar(msgspec.Struct, frozen=True):
    """``path`` is SVG's, ``title`` says which build it is."""

    state: str
    path: str
    title: str


class Bars(msgspec.Struct, frozen=True):
    """The oldest first. ``rate`` is the share of ended builds that passed, in percent."""

    items: tuple[Bar, ...]
    words: str
    rate: int | None


def make_bars(builds: Sequence[Build]) -> Bars:
    """Of builds with the newest first."""
    shown = list(reversed(builds[:COUNT]))
    longest = max((build.seconds for build in shown), default=0.0)
    step = WIDTH / COUNT
    begin = COUNT - len(shown)
    bars = tuple(
        Bar(
            build.state, _path((begin + place) * step, step, _height(build, longest)), _title(build)
        )
        for place, build in enumerate(shown)
    )
    judged = [b.state for b in shown if b.state in ENDED and b.state != State.CANCELLED]
    passed = judged.count(State.PASSED)
    words = f"last {len(shown)} builds: {passed} passed, {len(judged) - passed} did not"
    return Bars(bars, words, _rate(passed, len(judged)))


def _rate(passed: int, judged: int) -> int | None:
    # Never rounded up to a whole that was not reached.
    return passed * 100 // judged if judged else None


def _height(build: Build, longest: float) -> int:
    if build.state not in ENDED or not longest:
        return HEIGHT // 2
    # By the root: one slow build would otherwise flatten all others.
    share = sqrt(build.seconds / longest)
    return _LEAST + round((HEIGHT - _LEAST) * share)


def _path(left: float, step: float, height: int) -> str:
    return f"M{left:g} {HEIGHT - height}h{step - _GAP:g}v{height}h-{step - _GAP:g}z"


def _title(build: Build) -> str:
    took = f", {duration(build.seconds)}" if build.seconds else ""
    return f"{build.number} {build.state}{took}"
