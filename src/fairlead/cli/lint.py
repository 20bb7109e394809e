"""`fairlead lint`: every problem of a pipeline file, with its place."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import context
from fairlead.errors import PipelineError, UsageError

if TYPE_CHECKING:
    from fairlead.model import Plan, Problem
    from fairlead.pipeline.tree import Tree
    from fairlead.runner.checkout import Source

_NAMES = ("fairlead.yml", "fairlead.yaml", ".travis.yml")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema for editors, and no more.")
def command(*, file: Path | None, as_json: bool, schema: bool) -> int:
    """Check FILE (or the project's pipeline file) and print every problem in it.

    Exits with 0 where the file can be run and with 2 where it cannot; warnings do not count.
    """
    if schema:
        from fairlead.pipeline.native.schema import json_schema

        click.echo(json.dumps(json_schema(), indent=2))
        return 0
    source = context.source()
    path = file or _find(source.root)
    problems, plan, environments = _check(path, _read(path), source)
    if as_json:
        click.echo(_as_json(path, problems, plan, environments))
    else:
        _print(path, problems, plan, environments)
    return 2 if any(not problem.warning for problem in problems) else 0


def _find(root: Path) -> Path:
    found = next((root / name for name in _NAMES if (root / name).is_file()), None)
    if found is None:
        raise UsageError(
            f"there is no {_NAMES[0]} or {_NAMES[-1]} here to check",
            hint="`fairlead init` writes one; without any, `fairlead run` goes by the files",
        )
    return _shown(found)


def _shown(path: Path) -> Path:
    """The path as one would write it from the current folder."""
    return Path(os.path.relpath(path))


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _check(
    path: Path, data: bytes, source: "Source"
) -> "tuple[tuple[Problem, ...], Plan | None, tuple[str, ...]]":
    """Plan the file for its problems; one from outside the project is checked without files.

    The rest are the plan, where there is one, and the names of the environments.
    """
    from fairlead.pipeline.environments import read_environments
    from fairlead.pipeline.tree import MemoryTree

    inside = path.resolve().is_relative_to(source.root.resolve())
    trigger = source.trigger()
    tree: Tree = source.tree if inside else MemoryTree({})
    deploying = read_environments(data, str(path), tree)
    try:
        if path.name.endswith("travis.yml"):
            from fairlead.pipeline import travis
            from fairlead.runner.secrets import load

            secrets = load(context.settings().config, source.root).ciphers
            plan = travis.plan(data, str(path), tree, trigger, secrets=secrets)
        else:
            from fairlead.pipeline.native import plan as native

            plan = native.plan(data, str(path), tree, trigger)
    except PipelineError as error:
        return _together(error.problems, deploying.problems), None, ()
    problems = _together(plan.warnings, deploying.problems)
    fine = all(problem.warning for problem in problems)
    return problems, plan if fine else None, deploying.names


def _together(*parts: "tuple[Problem, ...]") -> "tuple[Problem, ...]":
    """All of them, each once, in the order of places; other files' come last."""
    found = dict.fromkeys(problem for problems in parts for problem in problems)
    first = next(iter(found)).location.file if found else ""

    def place(problem: "Problem") -> tuple[bool, str, int, int]:
        where = problem.location
        return where.file != first, where.file, where.line, where.column

    return tuple(sorted(found, key=place))


def _as_json(
    path: Path,
    problems: "tuple[Problem, ...]",
    plan: "Plan | None",
    environments: tuple[str, ...],
) -> str:
    import msgspec

    from fairlead.model import encode

    jobs = [job.id for job in plan.jobs] if plan else []
    answer = {
        "file": str(path),
        "ok": plan is not None,
        "problems": problems,
        "jobs": jobs,
        "environments": environments,
    }
    return msgspec.json.format(encode(answer)).decode()


def _print(
    path: Path,
    problems: "tuple[Problem, ...]",
    plan: "Plan | None",
    environments: tuple[str, ...],
) -> None:
    from fairlead.cli.view.words import plural

    for problem in problems:
        click.echo(str(problem))
    errors = sum(not problem.warning for problem in problems)
    warnings = len(problems) - errors
    counts = [plural(errors, "error")] if errors else []
    counts += [plural(warnings, "warning")] if warnings else []
    if plan is None:
        click.echo(f"{path}: {', '.join(counts)}", err=True)
        return
    skipped = f", {plural(len(plan.skipped), 'job')} skipped" if plan.skipped else ""
    places = f", {plural(len(environments), 'environment')}" if environments else ""
    click.echo(f"{path}: fine, {plural(len(plan.jobs), 'job')}{skipped}{places}"
               + (f"; {', '.join(counts)}" if counts else ""))  # fmt: skip
