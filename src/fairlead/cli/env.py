"""``fairlead env``: stored environments, and the interpreters they can be made for."""

import os
import re
import time
from typing import TYPE_CHECKING

import click

from fairlead.errors import UsageError
from fairlead.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlead.runner.environments import Environments
    from fairlead.runner.environments.pruning import Stored

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group()
def command() -> None:
    """List and prune stored environments; list interpreters."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(*, as_json: bool) -> None:
    """List the stored environments, least recently used first."""
    with _environments() as environments:
        stored = environments.list()
    if as_json:
        import msgspec

        from fairlead.model import encode

        click.echo(msgspec.json.format(encode(stored)))
        return
    _show(stored)
    total = _size(sum(one.bytes for one in stored))
    click.echo(f"{_count(len(stored), 'environment')}, {total}")


@command.command("prune")
@click.option("--older-than", metavar="AGE", help="Unused for so long: 30d, 2w, 12h.")
@click.option("--max-size", metavar="SIZE", help="Keep so much at most: 5GB.")
@click.option("--all", "everything", is_flag=True, help="Remove all that is not in use.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
def prune_command(
    *, older_than: str | None, max_size: str | None, everything: bool, dry_run: bool
) -> None:
    """Remove environments that nobody uses: by default those unused for 30 days.

    Successes of steps that were not reused for as long go with them.
    """
    from fairlead.pipeline.durations import parse_size
    from fairlead.runner.stepcache import StepCache

    size = parse_size(max_size) if max_size else None
    if max_size and size is None:
        raise UsageError(f"{max_size!r} is not a size", hint="write it as 5GB or 500MB")
    age = 0.0 if everything else _age(older_than) if older_than else None
    if age is None and size is None:
        age = 30.0 * _UNITS["d"]
    with _environments() as environments:
        removed = environments.prune(age, size, dry_run=dry_run)
        if age is not None and not dry_run:
            StepCache(environments.home / "steps").prune(age)
    _show(removed)
    freed = _size(sum(one.bytes for one in removed))
    count = _count(len(removed), "environment")
    click.echo(f"would remove {count}, {freed}" if dry_run else f"removed {count}, {freed} freed")


@command.command("pythons")
def pythons_command() -> None:
    """List the interpreters of this machine, best first."""
    from fairlead.runner.pythons import find

    found = find(load_settings(os.environ).home, os.environ)
    rows = []
    for one in found:
        name = "" if one.implementation == "cpython" else "PyPy "
        rows.append((name + one.version + ("t" if one.free_threaded else ""), str(one.path)))
    _table(rows)


def _environments() -> "Environments":
    from fairlead.runner.environments import Environments

    return Environments(load_settings(os.environ).home, os.environ)


def _age(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})\s*([smhdw])[a-z]*", text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is not an age", hint="write it as 30d, 2w or 12h")
    return float(int(found[1]) * _UNITS[found[2]])


def _show(stored: "Iterable[Stored]") -> None:
    rows = [
        (
            one.key[:12],
            one.python,
            one.kind,
            _count(len(one.packages), "package"),
            _size(one.bytes),
            "in use" if one.in_use else f"used {_ago(time.time() - one.used)} ago",
        )
        for one in stored
    ]
    _table(rows)


def _table(rows: "Sequence[tuple[str, ...]]") -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 — the step between units
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
