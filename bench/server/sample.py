"""The interpreter that the sample is tested with, on both servers and alone."""

from functools import cache
from pathlib import Path

from bench.project import VERSIONS, interpreters


@cache
def chosen() -> tuple[str, Path]:
    """The newest one of this machine that the sample can be tested with."""
    found = list(interpreters(VERSIONS).items())
    if not found:
        raise SystemExit(f"none of Python {', '.join(VERSIONS)} is on this machine")
    return found[-1]
