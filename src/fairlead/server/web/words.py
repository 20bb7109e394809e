"""Texts as pages show them: what repositories wrote made visible, times and sizes in words."""

from datetime import datetime

from django.utils import timezone

from fairlead.reports.words import duration, percent, plural

__all__ = ["ago", "duration", "one_line", "percent", "plain", "plural", "size", "utc"]

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400
_UNIT = 1024

# Control characters as pictures; what turns the direction of writing could disguise a name.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
_PICTURES |= {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
_PICTURES |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029), 0xFFFD)


def plain(text: str) -> str:
    """``text`` without characters that do rather than show."""
    return text if text.isprintable() else text.translate(_PICTURES)


def one_line(text: str, longest: int = 200) -> str:
    """The first line that says something, shortened."""
    if len(text) <= longest and text.isprintable():
        return text.strip()
    line = next((line for line in text.splitlines() if line.strip()), "").strip()
    return plain(line if len(line) <= longest else line[: longest - 1] + "…")


def ago(moment: datetime, now: datetime | None = None) -> str:
    """``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``, ``4 Nov 2026``."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    if seconds < _WEEK:
        return f"{plural(int(seconds // _DAY), 'day')} ago"
    return f"{moment.day} {moment:%b %Y}"


def utc(moment: datetime) -> str:
    """``2026-11-21 16:34:43 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def size(count: int) -> str:
    """``812 B``, ``4.2 KiB``, ``1.5 GiB``."""
    value, unit = float(count), "B"
    for following in ("KiB", "MiB", "GiB"):
        if value < _UNIT:
            break
        value, unit = value / _UNIT, following
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
