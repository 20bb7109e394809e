"""Durations and sizes as people write them: ``90 s``, ``1h30m``, ``512 MB``."""

import re

_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_BYTES = {
    **dict.fromkeys(("", "b", "byte", "bytes"), 1),
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
    **{letter: 1024**power for power, letter in enumerate("kmgt", 1)},
}
_LONGEST = 30 * 86400.0
_LARGEST = 1 << 50
_PART = r"(?a)(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]+)\s*"
_WHOLE = r"(?a)(?:\d{1,15}(?:\.\d{1,9})?\s*[a-z]+\s*)+"
_SIZE = r"(?a)(\d{1,18}(?:\.\d{1,9})?)\s*([a-z]*)"
_NUMBER = r"(?a)\d{1,15}(?:\.\d{1,9})?"


def parse_duration(text: str) -> float | None:
    """Seconds of ``90``, ``90 s``, ``10 min``, ``1h30m``, ``1.5 hours``; ``None`` if not one.

    Zero and more than thirty days are refused: each is a slip of the pen.
    """
    text = text.strip().lower()
    if re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif re.fullmatch(_WHOLE, text):
        parts = re.findall(_PART, text)
        if any(unit not in _SECONDS for _, unit in parts):
            return None
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    else:
        return None
    return seconds if 0 < seconds <= _LONGEST else None


def parse_size(text: str) -> int | None:
    """Bytes of ``2 GB``, ``512 MiB``, ``1G``, ``4096``; ``None`` if not one.

    ``kB MB GB TB`` count in thousands, ``KiB MiB GiB TiB`` and lone letters in 1024s.
    """
    found = re.fullmatch(_SIZE, text.strip().lower())
    if found is None or found[2] not in _BYTES:
        return None
    size = int(float(found[1]) * _BYTES[found[2]])
    return size if 0 < size <= _LARGEST else None
