"""`fairlead init`: write down what was detected, or what `.travis.yml` says."""

import os
import re
from typing import TYPE_CHECKING

import click

from fairlead.cli import context

if TYPE_CHECKING:
    from pathlib import Path

    from fairlead.model import Plan
    from fairlead.pipeline.tree import Tree
    from fairlead.runner.checkout import Source

FILE = "fairlead.yml"

_STARTER = """\
# What Fairlead runs for each change. `fairlead plan` shows the jobs, `fairlead run` runs them,
# `fairlead lint` checks this file.

# Nothing here told how to test the project: put its commands in the place of these.

python: "{python}"

jobs:
  tests:
    run:
      - echo "How are the tests run?"
      - exit 1
"""


@click.command()
@click.option("--force", is_flag=True, help="Replace a pipeline file that is there.")
@click.option("--print", "print_only", is_flag=True, help="Print the file, write nothing.")
@click.option("--detect", is_flag=True, help="Go by the project's files, not by .travis.yml.")
def command(*, force: bool, print_only: bool, detect: bool) -> int:
    """Write a commented fairlead.yml with what would run without it, and say why."""
    source = context.source()
    if not (force or print_only):
        _refuse(source.root)
    text, reasons = _text(source, detect=detect)
    if print_only:
        click.echo(text, nl=False)
        return 0
    from fairlead.util.fs import write_atomic

    write_atomic(source.root / FILE, text.encode())
    for reason in reasons:
        click.echo(f"  {reason}")
    click.echo(f"Wrote {FILE}. See what it runs: fairlead plan")
    return 0


def _refuse(root: "Path") -> None:
    from fairlead.errors import UsageError
    from fairlead.runner.checkout.repository import PIPELINE_FILES

    for name in PIPELINE_FILES:
        if (root / name).exists():
            raise UsageError(
                f"{name} is there already",
                hint="--force replaces it, --print shows what would be written",
            )


def _text(source: "Source", *, detect: bool) -> tuple[str, tuple[str, ...]]:
    """The file, and what is to be said about it."""
    from fairlead.runner.planning import present_versions

    data = None if detect else source.tree.read(".travis.yml")
    if data is not None:
        plan = _translated(data, source)
        told = (f".travis.yml: {_count(plan)}", *map(str, plan.warnings))
        return _rendered(plan, (), source.tree), told
    from fairlead.errors import FairleadError
    from fairlead.pipeline.detect import detect as find

    present = present_versions(context.settings(), os.environ)
    try:
        found = find(source.tree, source.trigger(), present)
    except FairleadError as error:
        newest = max(present, key=_numbers).rpartition(".")[0] if present else "3"
        return _STARTER.format(python=newest), (error.message,)
    return _rendered(found.plan, found.reasons, source.tree), found.reasons


def _numbers(version: str) -> tuple[int, ...]:
    """What versions are in order by: 3.13.0 is newer than 3.9.18."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _translated(data: bytes, source: "Source") -> "Plan":
    from fairlead.pipeline import travis
    from fairlead.runner.secrets import load

    secrets = load(context.settings().config, source.root)
    return travis.plan(data, ".travis.yml", source.tree, source.trigger(), secrets=secrets.ciphers)


def _rendered(plan: "Plan", reasons: tuple[str, ...], tree: "Tree") -> str:
    from fairlead.pipeline.write import render

    return render(plan, reasons, tree)


def _count(plan: "Plan") -> str:
    jobs = len(plan.jobs)
    return f"{jobs} job{'' if jobs == 1 else 's'}"
