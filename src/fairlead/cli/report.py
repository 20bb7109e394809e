"""`fairlead report`: a run as one HTML file, or its tests and violations for other programs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairlead.cli import runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlead.model import RunResult
    from fairlead.runner.history import History

_STDOUT = "-"


@click.command()
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
@click.option("--output", "-o", metavar="FILE", help="Write the page to FILE, or - to print it.")
@click.option("--junit", metavar="FILE", help="Write the tests as JUnit XML to FILE, or -.")
@click.option("--sarif", metavar="FILE", help="Write the violations as SARIF to FILE, or -.")
def command(
    *, run: str | None, opened: bool, output: str | None, junit: str | None, sarif: str | None
) -> None:
    """Write RUN (a number, last, last-1; default: last) as one HTML file.

    The page needs nothing but itself, so it can be mailed or kept as an artifact. With --junit
    or --sarif alone no page is written.
    """
    history = runs.open_history()
    result = runs.find_run(history, run)
    if junit:
        _write(junit, _junit(result))
    if sarif:
        _write(sarif, _sarif(result))
    if output or opened or not (junit or sarif):
        page = _page(history, result)
        path = _write(output or str(history.folder(result.number) / "report.html"), page)
        if path and opened:
            _open(path)


def _page(history: "History", result: "RunResult") -> bytes:
    from fairlead.cli.page import build_page

    page = build_page(
        result,
        read_source=source_reader(history.home.parent, result.tree),
        read_log=runs.log_reader(history, result),
    )
    return page.encode()


def _junit(result: "RunResult") -> bytes:
    from fairlead.cli.view.failures import tests_of
    from fairlead.reports import junit

    return junit.write(tests_of(result), suite=result.trigger.repository or "fairlead")


def _sarif(result: "RunResult") -> bytes:
    from fairlead.reports import sarif

    return sarif.export(result.report.violations)


def source_reader(root: Path, tree: str) -> "Callable[[str], bytes | None]":
    """Reads a file of the project as it was in the run, else as it is now.

    ``tree`` is the run's git tree. Paths come from report files, which a project can write as
    it likes: none leads out of ``root``.
    """
    recorded = _recorded(root, tree) if tree else None
    inside = root.resolve()

    def read(path: str) -> bytes | None:
        if not path or path.startswith("/") or ".." in path.split("/") or "\0" in path:
            return None
        found = recorded(path) if recorded else None
        return found if found is not None else _on_disk(inside, path)

    return read


def _recorded(root: Path, tree: str) -> "Callable[[str], bytes | None] | None":
    from fairlead.cli.context import settings
    from fairlead.errors import FairleadError
    from fairlead.runner.checkout import open_source

    try:
        now = open_source(root, settings().home)
    except FairleadError:
        return None
    if now.tree_id == tree:
        return None
    return now.at(tree).tree.read


def _on_disk(root: Path, path: str) -> bytes | None:
    try:
        file = (root / path).resolve(strict=True)
        return file.read_bytes() if file.is_relative_to(root) else None
    except (OSError, ValueError):
        return None


def _write(name: str, data: bytes) -> Path | None:
    """Write to a file and say where, or to standard output. Raises ``FairleadError``."""
    from fairlead.errors import FairleadError
    from fairlead.util.fs import write_atomic

    if name == _STDOUT:
        sys.stdout.buffer.write(data)
        return None
    path = Path(name).absolute()
    if path.is_dir():
        raise FairleadError(f"cannot write {name}: it is a folder", hint="name a file in it")
    write_atomic(path, data)
    click.echo(f"wrote {name}", err=True)
    return path


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.as_uri()):
        click.echo("no browser could be opened", err=True)
