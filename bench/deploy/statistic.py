"""What is said of many times."""

from collections.abc import Sequence


def percentile(times: Sequence[float], share: float) -> float:
    """The time that this share (0 to 1) of them is below; not a number where there are none."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
