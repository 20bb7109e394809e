"""Numbers and lists as the verdict says them."""

from collections.abc import Sequence

_MINUTE = 60
_HOUR = 3600
_SHORT = 9.95


def duration(seconds: float) -> str:
    """``0.4 s``, ``48 s``, ``3 min 05 s``, ``1 h 02 min``."""
    if seconds < _SHORT:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 test``, ``2,400 tests``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def listing(names: Sequence[str], limit: int = 3) -> str:
    """``a, b, c and 5 more``."""
    if len(names) <= limit + 1:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def percent(value: float) -> str:
    """``83 %``, ``99.6 %``: never rounded up to a whole that was not reached."""
    shown = f"{int(value * 10 + 1e-9) / 10:.1f}".removesuffix(".0")
    return f"{shown} %"
